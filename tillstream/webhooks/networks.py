"""Network addresses that the server must not be sent to: those of its own network, and of cloud credentials."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Address = IPv4Address | IPv6Address

_TRANSLATED = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"), ip_network("2002::/16"))
"""IPv6 networks whose addresses contain an IPv4 address, which can be private."""
_METADATA = frozenset(map(ip_address, ("fd00:ec2::254", "168.63.129.16", "100.100.100.200")))
"""Addresses of cloud credentials that are not link-local, which 169.254.169.254 is."""


def parse_address(text: str) -> Address:
    """An IP address without its zone; an IPv4 address that is mapped to IPv6 as such. Raises `ValueError`."""
    address = ip_address(text.partition("%")[0])
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


def is_never_allowed(address: Address) -> bool:
    """Whether no setting allows it: link-local, also of cloud credentials, multicast or unspecified."""
    return address.is_link_local or address.is_multicast or address.is_unspecified or address in _METADATA


def is_private(address: Address) -> bool:
    """Whether it can lead into the network of the server."""
    return not address.is_global or any(address in network for network in _TRANSLATED)
