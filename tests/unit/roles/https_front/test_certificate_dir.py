# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The directory of the certificate has any name that is one: it reaches no shell, and no syntax of nginx's."""
from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import nginx
import pytest

POSSIBLE = ["with a space", "x;touch pwned;#", "(touch pwned)`id`", "{ }", "a'b", "~", "ümlaut", "a  b"]
REFUSED = ["$(touch pwned)", '"; }', "back\\slash", "new\nline", "tab\tulator", "$ssl_server_name"]

# what others may read or write: the place, and its mode
OTHERS = {
    "key": ("certificate/key.pem", 0o604),
    "chain": ("certificate/chain.pem", 0o646),
    "authority": ("certificate/ca.pem", 0o666),
    "directory": ("certificate", 0o757),
    "own directory": ("front", 0o777),
    "own secret": ("front/private/secret", 0o644),
}


@pytest.fixture(scope="module")
def fronts() -> Iterator[nginx.Fronts]:
    cases = nginx.Fronts()
    for number, name in enumerate([*POSSIBLE, *REFUSED]):
        case = cases.add(f"case{number}", https_front_certificate_dir=str(cases.place / "certificates" / name))
        shutil.copytree(case.certificate_dir, cases.place / "certificates" / name)
    cases.add("relative", https_front_certificate_dir="certificates")
    for name, (place, mode) in OTHERS.items():
        case = cases.add(name)
        (case.place / "front/private").mkdir(mode=0o700)
        (case.place / "front/private/secret").touch(0o600)
        (case.place / place).chmod(mode)
    cases.render()
    yield cases
    cases.close()


@pytest.mark.parametrize("number", range(len(POSSIBLE)), ids=lambda number: POSSIBLE[number])
def test_a_directory_of_any_name_is_served_from(fronts: nginx.Fronts, number: int) -> None:
    with fronts[f"case{number}"].running() as running:
        assert running.ask("GET", "/").reached == "GET /"


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_a_name_that_nginx_would_read_otherwise_is_refused_before_anything_changes(fronts: nginx.Fronts, number: int) -> None:
    case = fronts[f"case{len(POSSIBLE) + number}"]
    assert "https_front_certificate_dir" in case.refused and "Nothing was changed" in case.refused
    assert not (case.place / "conf.d/tlsfront.conf").exists() and list((case.place / "front").iterdir()) == []


def test_a_relative_path_is_refused(fronts: nginx.Fronts) -> None:
    assert "https_front_certificate_dir is 'certificates': it must be an absolute path" in fronts["relative"].refused


def test_nothing_was_run(fronts: nginx.Fronts) -> None:
    assert not [path for place in (fronts.place, Path.cwd(), Path.home(), Path("/")) for path in place.glob("**/pwned" if place == fronts.place else "pwned")]


@pytest.mark.parametrize("name", OTHERS)
def test_what_others_may_read_or_change_is_refused_before_anything_changes(fronts: nginx.Fronts, name: str) -> None:
    case, (place, mode) = fronts[name], OTHERS[name]
    assert f"{case.place / place} may be " in case.refused and f"(mode {mode:04o})" in case.refused and "chmod " in case.refused
    assert "Nothing was changed" in case.refused and not any(outcome.get("changed") for outcome in case.outcomes)
    assert not (case.place / "conf.d/tlsfront.conf").exists()
