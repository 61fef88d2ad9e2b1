"""What somebody could write into a title so that a terminal, a runner, a page or a parser does something."""

ESCAPES = [
    "\x1b[31mred\x1b[0m", "\x1b[2J\x1b[H", "\x1b]0;title\x07", "\x1b]8;;https://evil.example\x1b\\here\x1b]8;;\x1b\\",
    "\x1b]52;c;ZXZpbA==\x07", "\x1bP$q\x1b\\", "\x1b[?1049h", "\x1b[6n", "\x1bc", "\x9b31m", "\x9d0;x\x9c",
    "\x90q\x9c", "\x85next", "\x8d", "\x7f\x7f\x7f", "\b\b\b\b", "\x00", "a\x00b", "\x07", "\x0b\x0c", "\x1a",
    "\x0e\x0f", "\x1b[0Ksection_start:1:x\r\x1b[0K", "section_end:1:x\r\x1b[0K", "\ud800", "\udfff", "a\udc80b",
    "\ud83d\ud83d", "\ufffe", "\uffff", "\U0001fffe", "\ufeff", "\u2028", "\u2029", "\u00ad", "\u180e",
    "\U000e0001\U000e0041",
]  # fmt: skip

BIDI = [f"a{mark}b" for mark in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c\u200b\u200c"]

COMMANDS = [
    "::error::x", "::error file=a,line=1::x", "::set-output name=a::b", "::add-mask::e", "::stop-commands::x",
    "::group::g", "::endgroup::", "::save-state name=a::b", "::debug::x", "::warning::x", "::notice title=a::b",
    "::add-matcher::m.json", "::echo::on", "  ::error::x", "\u00a0::error::x", "\u3000::error::x", "\t::error::x",
    "x\n::error::x", "x\r\n::error::x", "x\r::error::x", "x\u2028::error::x", "x\x85::error::x", "%0A::error::x",
    "%0D%0A::error::x", "::error::%0A::error::y", "##[error]x", "##[add-mask]e", "##[stop-commands]x", "##[group]g",
    "a ##[set-env name=PATH]b", "####[error]x", "##[command]ls", "##vso[task.setvariable variable=a]b",
    "##vso[task.complete result=Succeeded]", "a##vso[task.logissue type=error]x", "##teamcity[buildStop]",
    "##[section]x", "[command]ls", "a,line=2", "a:b,c%d", "title=x::y", "::", ":::", "::::",
]  # fmt: skip

MARKUP = [
    "]]>", "<![CDATA[x]]>", "<script>alert(1)</script>", "</script><script>x", "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>", "</details>", "</summary></details>", "<details open>", "</table></td></tr>", "<!--",
    "-->", "<!-- x -->", "<?php x ?>", "<?xml version='1.0'?>", "<!DOCTYPE x>", "&lt;script&gt;", "&amp;",
    "&#64;dave", "&#x3c;b", "&", "\" onmouseover=\"x", "' onmouseover='x", "<a href='javascript:x'>y</a>",
    "</code>@dave", "<b>x", "<style>*{}", "<iframe src=x>", "<input autofocus onfocus=x>",
    "<math><mi//xlink:href=\"data:x\">", "<base href=x>", "<plaintext>", "</failure></testcase><testcase name='x'/>",
    "&xxe;", "<!ENTITY x SYSTEM 'file:///etc/passwd'>", "<", ">", "\"", "'", "<https://evil.example>",
    "<mailto:a@b.example>", "</pre>", "<textarea>", "<title>", "<noscript>", "<xmp>",
]  # fmt: skip

MARKDOWN = [
    "[x](javascript:alert(1))", "[x](https://evil.example)", "![x](https://evil.example/p.png)", "[x][y]", "[x]: y",
    "[^1]", "[^1]: y", "- [ ] x", "- [x] x", "@dave", "x @org/team y", "a@b.example", "@dave-fowler, @rj", "#1",
    "GH-1", "owner/repo#1", "owner/repo@0123456789abcdef", "0123456789abcdef0123456789abcdef01234567", "0123abc",
    "JIRA-12", "https://evil.example", "http://evil.example/a?b=c#d", "www.evil.example", "ftp://evil.example",
    "xmpp:a@b.example", "mailto:a@b.example", ":tada:", ":+1:", "`x`", "``x``", "```\nx", "~~~\nx", "`", "``", "a`b",
    "\\`x\\`", "|", "a|b", "a\\|b", "| a | b |", "|---|---|", "*x*", "**x**", "_x_", "__x__", "~~x~~", "# x", "## x",
    "> x", "- x", "* x", "+ x", "1. x", "1) x", "---", "***", "===", "    x", "\tx", "x\n\n<b>", "\\", "\\\\",
    "x  \ny", "$x$", "$$x$$", "```math", "> [!WARNING]\n> x", "{0}", "{{x}}", "${{ secrets.TOKEN }}", "$(x)", "`id`",
    "%s%n", "[x](1)", "a](b", "[[x]]", "--fix", "-x", "; rm -rf /", "' ; x", "!x", "!`x`", "x!", "a\\nb",
    "../../etc/passwd", "/etc/passwd", "C:\\x", "a//b", "file:///etc/passwd", "a b\u00a0c", "\u3000", "e\u0301",
    "\U0001f600", "日本語", "tasks/ü.md", "x" * 400, "|" * 90, "`" * 90, "<" * 400, "\x1b" * 90, "@dave|@rj",
    "a|b@c.example", "x`y@z.example", "www.a|b.example", "a\\@dave",
]  # fmt: skip

PAYLOADS = [*ESCAPES, *BIDI, *COMMANDS, *MARKUP, *MARKDOWN]
