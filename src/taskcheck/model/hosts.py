"""Names of hosts: two that are perhaps one."""

_HOME_DOMAINS = (".local", ".lan", ".home", ".localdomain")
"""What a home network, or a Mac, adds to a machine's name."""


def folds(one: str, other: str) -> bool:
    """Return whether two names are perhaps one host: one is the other's first label, or has a home's domain added.

    Example:
        ``vm`` and ``VM.local``, ``vm.lan`` and ``vm.local``, ``vm`` and ``vm.example.com``; never ``vm.a.com`` and
        ``vm.b.com``, and no addresses.
    """
    one = one.casefold().rstrip(".")
    other = other.casefold().rstrip(".")
    if _is_address(one) or _is_address(other):
        return False
    bare_one = _without_home(one)
    bare_other = _without_home(other)
    if bare_one == bare_other:
        return True
    short, long = sorted((bare_one, bare_other), key=len)
    first_label = long.partition(".")[0]
    return "." not in short and first_label == short


def _without_home(host: str) -> str:
    for domain in _HOME_DOMAINS:
        if host.endswith(domain):
            return host.removesuffix(domain)
    return host


def _is_address(host: str) -> bool:
    digits = host.replace(".", "")
    if ":" in host:
        return True
    return digits.isdecimal()
