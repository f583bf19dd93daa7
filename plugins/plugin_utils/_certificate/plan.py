# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the role certificate is to do for a node: from its options, what is on the controller, and what was gathered on the node."""

from __future__ import annotations

import base64
import datetime
import functools
import hashlib
import os
import re
import typing as t
from collections.abc import Mapping, Sequence

from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils import _pem
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _constraints, _names, _revocation, _x509

__all__ = ["Plan", "calendar", "expanded"]

_TIME = "%Y-%m-%dT%H:%M:%SZ"  # times in this form are compared as texts
_ASN1_TIME = "%Y%m%d%H%M%SZ"
_LONGEST_COMMON_NAME = 64  # RFC 5280, appendix A.1
# of its reasons for another certificate, those that time or an accident brings, and no choice of anybody
_MISSING, _DAMAGED, _REVOKED = "its key is missing", "its key is damaged or that of another certificate", "it was revoked"
_PROVIDED = (
    "certificate_provided_chain",
    "certificate_provided_chain_content",
    "certificate_provided_key",
    "certificate_provided_key_content",
    "certificate_provided_ca",
)


class Plan:
    """What was asked for, what is there, and what follows from both."""

    def __init__(
        self,
        options: Mapping[str, t.Any],
        node: Mapping[str, t.Any] | None = None,
        texts: Mapping[str, str] | None = None,
        slurped: Sequence[Mapping[str, t.Any]] = (),
        issued: str = "",
        now: datetime.datetime | None = None,
    ) -> None:
        """:param options: the variables of the role that begin with certificate_, as they are
        :param node: what tls_keypair_info has returned
        :param texts: what is in the files on the controller, by their paths
        :param slurped: what is in those on the node: results of ansible.builtin.slurp, in a loop over their paths
        :param issued: the certificate that the own CA has just issued
        """
        self.options = options
        self.node = node or {}
        self.texts = {path: str(text) for path, text in (texts or {}).items()}
        self.slurped = {one["item"]: _pem.text_of(base64.b64decode(one["content"])) for one in slurped if "content" in one}
        self.issued = issued
        self.now = now or datetime.datetime.now(datetime.timezone.utc)

    # ---- options

    def text(self, name: str) -> str:
        # ansible-core may hand over what is encrypted by itself (!vault) as an object that is no text
        return str(self.options.get(name, ""))

    def number(self, name: str) -> int:
        return int(self.options.get(name, 0))

    def flag(self, name: str) -> bool:
        return bool(boolean(self.options.get(name, False), strict=False))

    def path(self, name: str) -> str:
        """A path on the controller, without "~"."""
        return expanded(self.text(name))

    @property
    def source(self) -> str:
        return self.text("certificate_source")

    @functools.cached_property
    def names(self) -> list[str]:
        """The entries of its subjectAltName; none where one cannot be, which is a problem."""
        try:
            return _names.entries(self.options.get("certificate_names", []), self.options.get("certificate_addresses", []))
        except _names.NotAName:
            return []

    @property
    def provided_options(self) -> list[str]:
        return [name for name in _PROVIDED if self.text(name)]

    @property
    def provided_files(self) -> dict[str, str]:
        """The paths of what is provided, by option."""
        return {name: self.text(name) for name in _PROVIDED if self.text(name) and not name.endswith("_content")}

    def provided(self, name: str) -> str:
        """What is provided as certificate_provided_NAME; empty where it cannot be read."""
        option = f"certificate_provided_{name}"
        if self.text(f"{option}_content"):
            return self.text(f"{option}_content")
        if self.flag("certificate_provided_remote"):
            return self.slurped.get(self.text(option), "")
        return self.texts.get(self.path(option), "")

    # ---- the own CA

    @property
    def own_ca_dir(self) -> str:
        return self.path("certificate_own_ca_dir")

    def own_ca_text(self, name: str) -> str:
        return self.texts.get(f"{self.own_ca_dir}/{name}", "")

    @property
    def has_intermediate(self) -> bool:
        return self.flag("certificate_own_ca_intermediate")

    @functools.cached_property
    def own_ca(self) -> dict[str, t.Any]:
        return facts(self.own_ca_text("ca.pem"))

    @functools.cached_property
    def intermediate(self) -> dict[str, t.Any]:
        return facts(self.own_ca_text("intermediate.pem"))

    @property
    def signer(self) -> dict[str, t.Any]:
        """What signs the nodes' certificates."""
        return self.intermediate if self.has_intermediate else self.own_ca

    @property
    def renew_from(self) -> str:
        """What ends before this moment is replaced."""
        return (self.now + datetime.timedelta(days=self.number("certificate_renew_days"))).strftime(_TIME)

    @property
    def intermediate_reasons(self) -> list[str]:
        """Why the own CA signs another intermediate."""
        if not self.intermediate:
            return ["none is there"]
        return _true(
            {
                "another CA signed the one that is there": self.intermediate["authority_key_identifier"] != self.own_ca.get("subject_key_identifier", "none"),
                f"the one that is there has fewer than {self.number('certificate_renew_days')} days left": self.intermediate["not_after"] < self.renew_from,
            }
        )

    @property
    def _lacks_list(self) -> bool:
        """Whether something was revoked, and the CA or the intermediate that signs now has no list yet, without which all that it signs is refused."""
        return bool(self.own_ca_text(_revocation.LIST)) and None in self._lists

    @property
    def _lists(self) -> list[t.Any]:
        """The list of the CA, and of the intermediate where that signs; None for one that is not there."""
        there = _revocation.lists(self.own_ca_text(_revocation.LIST))
        return [_revocation.list_of(there, signer) for signer in (self._signers if self.has_intermediate else self._signers[:1])]

    @property
    def list_ended(self) -> datetime.datetime | None:
        """When the first of these lists ended; None where none has, or where an intermediate is to be signed, and with its list each that is due."""
        if self.has_intermediate and self.intermediate_reasons:
            return None
        ends = [_revocation.ends(one) for one in self._lists if one is not None]
        return min((end for end in ends if end <= self.now), default=None)

    @functools.cached_property
    def live(self) -> dict[str, t.Any]:
        return facts(self._live("chain"))

    @property
    def _few_days(self) -> str:
        return f"it has fewer than {self.number('certificate_renew_days')} days left"

    @functools.cached_property
    def reasons(self) -> list[str]:
        """Why the own CA issues another certificate for the node."""
        if not self.live:
            return ["none is there"]
        is_other = self.live["authority_key_identifier"] != self.signer.get("subject_key_identifier", "none")
        return _true(
            {
                _MISSING: self._live("key") == "missing",
                _DAMAGED: self._live("key") == "unusable",
                _REVOKED: self._is_revoked,
                "its names are to be others": sorted(self.live["names"]) != sorted(self.names),
                self._few_days: self.live["not_after"] < self.renew_from,
                "its key is to be of another type": self.live["key"] != self.text("certificate_key_type"),
                "the CA is another": is_other or (self.has_intermediate and bool(self.intermediate_reasons)),
            }
        )

    @property
    def _is_revoked(self) -> bool:
        first, *others = _x509.readable_certificates(self._live("chain"))
        # a former intermediate is in the chain alone
        return _revocation.revokes(self.own_ca_text(_revocation.LIST), [*self._signers, *others], first)

    @property
    def _has_another_root(self) -> bool:
        """Whether the own CA, or an intermediate that it has signed at any time, is not what has signed the certificate that the node has."""
        chain = _x509.readable_certificates(self._live("chain"))
        return not any(_x509.issued(signer, one) for signer in self._signers for one in chain)

    @property
    def _signers(self) -> list[t.Any]:
        """The certificates of the own CA and of its intermediate, as far as they are there."""
        return [one for name in ("ca.pem", "intermediate.pem") for one in _x509.readable_certificates(self.own_ca_text(name))[:1]]

    def renewal(self, host: str) -> dict[str, list[str]]:
        """What a run that nobody watches does for the node (`due`), why it cannot (`problems`), what it leaves to one that somebody has begun (`left`),
        and what is to be done before long (`warnings`)."""
        if self.source != "own_ca":
            return {"due": [], "left": [], "warnings": [], "problems": []}
        due = [reason for reason in self.reasons if reason in (_MISSING, _DAMAGED, _REVOKED, self._few_days)]
        problems = []
        if not self.live:
            problems.append(f"{host} has no certificate yet: run the playbook tlsfront.elasticsearch.site.")
        elif due and not self.own_ca:
            # another one would be trusted by no client
            problems.append(
                f"{host} needs another certificate ({'; '.join(due)}), and the own CA is not in {self.own_ca_dir} on the controller: restore it from a "
                "backup, or correct certificate_own_ca_dir."
            )
        elif due and self._has_another_root:
            problems.append(
                f"{host} needs another certificate ({'; '.join(due)}), but the one that it has is of another CA than that in {self.own_ca_dir}, "
                "which clients may not trust yet: run the playbook tlsfront.elasticsearch.site once they do."
            )
        left = [reason for reason in self.reasons if self.live and reason not in due]
        return {"due": due, "left": left, "warnings": self._shortened, "problems": problems}

    @property
    def _shortened(self) -> list[str]:
        """What signs ends before what it would sign now."""
        by_file = {"ca.pem": self.own_ca, **({"intermediate.pem": self.intermediate} if self.has_intermediate else {})}
        latest = (self.now + datetime.timedelta(days=self.number("certificate_days"))).strftime(_TIME)
        return [
            f"{self.own_ca_dir}/{name} ends at {its['not_after']}, and whatever it signs with it: begin the next one in time."
            for name, its in by_file.items()
            if its and its["not_after"] < latest
        ]

    def _live(self, what: str) -> str:
        keypairs = self.node.get("keypairs", [])
        return str(keypairs[0].get(what, "")) if keypairs else ""

    def _ends(self, days: str, signer: Mapping[str, t.Any]) -> str:
        """When what it signs for so many days ends, as community.crypto reads it. Nothing outlives what signs it."""
        latest = self.now + datetime.timedelta(days=self.number(days))
        return min(latest.strftime(_ASN1_TIME), re.sub("[-:T]", "", signer.get("not_after", "9")))

    # ---- what is to be installed

    @property
    def chain(self) -> str:
        if self.source == "provided":
            return self.provided("chain")
        certificates = [self.issued if self.issued and self.reasons else _first(self._live("chain"))]
        return "\n".join(certificates + ([self.own_ca_text("intermediate.pem")] if self.has_intermediate else []))

    @property
    def ca(self) -> str:
        """What clients must trust; empty for a public CA."""
        if self.source == "provided":
            return self.provided("ca")
        if self.source == "acme":
            return self.texts.get(self.path("certificate_acme_ca"), "")
        others = [self.texts.get(expanded(path), "") for path in self.options.get("certificate_own_ca_also_trusted", [])]
        return "\n".join([self.own_ca_text("ca.pem"), *others])

    @property
    def common_name(self) -> str:
        """For people.

        Never an address: where the subjectAltName has no host name, OpenSSL and GnuTLS take the common name for one and hold it against the CA's name
        constraints.
        """
        names = [name[len("DNS:") :] for name in self.names if name.startswith("DNS:")]
        return next((name for name in names if len(name) <= _LONGEST_COMMON_NAME), "")

    @property
    def key(self) -> str:
        """The private key that is provided, in PEM; empty where none is. Raises ValueError where it is damaged."""
        return _pem.key(self.provided("key")).pem if self.source == "provided" else ""

    def result(self, host: str = "", hosts: Sequence[str] = ()) -> dict[str, t.Any]:
        """What the role's tasks go by, without a private key.

        :param host: its name in the inventory
        :param hosts: all of its group, which share the time out among them
        """
        name = "intermediate" if self.has_intermediate else "ca"
        is_own = self.source == "own_ca"
        found = {
            "names": self.names,
            "asked": [one.partition(":")[2] for one in self.names],
            "common_name": self.common_name,
            "ca": _rewritten(self.ca),
            "reasons": self.reasons if is_own else [],
            "intermediate_reasons": self.intermediate_reasons if is_own and self.has_intermediate else [],
            "lacks_list": is_own and self._lacks_list,
            "constraints": _constraints.subtrees(_constraints.planned(self.options.get("certificate_own_ca_permitted", []))),
            "renewal": self.renewal(host),
            "calendar": calendar(self.number("certificate_acme_every"), host, hosts) if self.source == "acme" else "",
        }
        if is_own:
            found["signer"] = {"certificate": f"{self.own_ca_dir}/{name}.pem", "key": f"{self.own_ca_dir}/{name}.key", "title": self.own_ca.get("title", "")}
            found["subject_of_signer"] = self.signer.get("subject", f"CN={self.text('certificate_own_ca_common_name')}")
            found["ends"] = self._ends("certificate_days", self.signer)
            found["intermediate_ends"] = self._ends("certificate_own_ca_intermediate_days", self.own_ca)
        if self.source == "acme":
            found["directory_ca"] = _rewritten(self.texts.get(self.path("certificate_acme_directory_ca"), ""))
            return found
        its = facts(self.chain)
        if is_own and self.issued:
            found["record"] = _revocation.record_path(self.own_ca_dir, host, _x509.load_certificates(self.issued)[0])
        found["chain"] = _rewritten(self.chain)
        found["about"] = {"source": self.source, **{each: its.get(each, "") for each in ("names", "issuer", "key", "not_before", "not_after", "sha256")}}
        if self.source == "provided":
            found["ends_soon"] = its["not_after"] < self.renew_from
        return found


def expanded(path: str) -> str:
    """Without "~", as Ansible's filter expanduser gives it: by it, the texts of files are known."""
    return os.path.expanduser(path)  # noqa: PTH111


def facts(pem: str) -> dict[str, t.Any]:
    """What the first certificate of a text says; empty where there is none that can be read."""
    certificates = _x509.readable_certificates(pem)
    return _x509.facts(certificates[0]) if certificates else {}


def calendar(every: int, host: str, hosts: Sequence[str]) -> str:
    """When the node looks whether a renewal is due, for OnCalendar= of systemd.

    Every so many seconds, from a moment of the day on that is its own. The first node's depends on the group, so that the CA is not asked by all the world
    at midnight; the others follow in equal steps. In UTC, for which no hour comes twice.
    """
    nodes = list(hosts) if host in hosts else [host]
    first = int(hashlib.sha256(" ".join(nodes).encode()).hexdigest()[:8], 16)
    begin = (first + nodes.index(host) * (every // len(nodes))) % every
    if every % 3600 == 0:
        return f"*-*-* {begin // 3600:02d}/{every // 3600}:{begin // 60 % 60:02d}:{begin % 60:02d} UTC"
    if every % 60 == 0:
        return f"*-*-* *:{begin // 60:02d}/{every // 60}:{begin % 60:02d} UTC"
    return f"*-*-* *:*:{begin:02d}/{every} UTC"


def _true(reasons: Mapping[str, bool]) -> list[str]:
    return [reason for reason, is_true in reasons.items() if is_true]


def _first(pem: str) -> str:
    certificates = _x509.readable_certificates(pem)
    return _x509.certificates_pem(certificates[:1])


def _rewritten(pem: str) -> str:
    """The certificates alone, as every program reads them; empty where there is none."""
    return _x509.certificates_pem(_x509.load_certificates(pem)) if "-----BEGIN" in pem else ""
