"""What `make run` prints when everything is ready."""

from dataclasses import fields

from deploy.local.address_book import AddressBook
from deploy.local.demonstration import PRACTICE_NAME, Demonstration, DemoPatient, StaffLogin


def overview(book: AddressBook, made: Demonstration, *, seconds: float) -> str:
    """Where everything is, as text for a terminal."""
    parts = (
        f"\nPraxispost is ready after {seconds:.0f} s. Ctrl-C ends it.",
        _section(
            "Open in the browser",
            [
                ("Practice", f"{book.portal_url}/practice"),
                ("Patient", f"{book.portal_url}/"),
                ("Caught e-mails and SMS", book.catcher_url),
            ],
        ),
        _section("gRPC apis, with reflection", _targets(book)),
        _section(f"Staff of {PRACTICE_NAME}", [_staff(each) for each in made.staff]),
        _section("Its patients, who have no accounts yet", [_patient(each) for each in made.patients]),
        "For the program in README.md:\n" + _exports(book, made),
        f"Logs: {book.folder}/logs   All addresses: {book.folder}/address-book.json",
    )
    return "\n\n".join(parts) + "\n"


def _targets(book: AddressBook) -> list[tuple[str, str]]:
    return [(each.name, getattr(book.targets, each.name)) for each in fields(book.targets)]


def _staff(login: StaffLogin) -> tuple[str, str]:
    name = f"{login.given_name} {login.family_name}"
    return login.role, f"{name:16}  {login.email:36}  password: {login.password}"


def _patient(patient: DemoPatient) -> tuple[str, str]:
    name = f"{patient.given_name} {patient.family_name}"
    return name, f"{patient.birth_date}  {patient.email:32}  {patient.mobile}"


def _exports(book: AddressBook, made: Demonstration) -> str:
    settings = {
        "IDENTITY": book.targets.identity,
        "MESSAGING": book.targets.messaging,
        "ACCOUNT": made.program.id,
        "SECRET": made.program.secret,
        "PATIENT": made.patients[0].id,
    }
    return "\n".join(f"  export {name}={value}" for name, value in settings.items())


def _section(title: str, lines: list[tuple[str, str]]) -> str:
    width = max(len(name) for name, _ in lines)
    shown = (f"  {name:{width}}  {value}" if width else f"  {value}" for name, value in lines)
    return "\n".join((title, *shown))
