"""What follows from a mail: mails as they come, with what must be done about each."""

from __future__ import annotations

import pytest

from modemd.rules.consent.mail.decision import MailAction, find_numbers
from tests.rules.consent.mail.mails import (
    ADDRESS,
    KNOWN,
    OTHER,
    html,
    in_base64,
    in_quoted_printable,
    judge,
    mail,
    multipart,
    part,
)

FROM_CONTACT = f"Jean Dupont <{ADDRESS}>"
NUMBER = "+33 6 12 34 56 78"
GMAIL_REPLY = (
    '<div dir="ltr">STOP<br></div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">On Mon, Feb 2, 2026 at '
    '10:04 AM Shop &lt;<a href="mailto:shop@example.com">shop@example.com</a>&gt; wrote:<br></div><blockquote '
    f'class="gmail_quote"><div>Sale! Call {OTHER}. Reply STOP to end.</div></blockquote></div>'
)
OUTLOOK_REPLY = (
    "<html><head><style><!-- p {margin:0} --></style></head><body><div class=WordSection1><p class=MsoNormal>Bonjour,</p>"
    "<p class=MsoNormal>Stop&nbsp;!<o:p></o:p></p><p>Jean</p><div style='border:none;border-top:solid #E1E1E1 1.0pt'><p><b>De :"
    "</b> Boutique &lt;b@example.com&gt;<br><b>Envoyé :</b> lundi 2 février<br><b>À :</b> Jean<br><b>Objet :</b> Soldes</p></div>"
    f"<p>Appelez le {OTHER}</p></div></body></html>"
)
FORWARDED = (
    "---------- Forwarded message ---------\nDe : Jean Dupont <jean@example.fr>\nDate: lun. 2 févr. 2026\nSubject: promo\n"
    "To: <shop@example.com>\n\n\n{text}\n"
)

OPT_OUTS = [
    pytest.param(mail(subject=f"STOP {NUMBER}"), KNOWN, id="word and number in the subject alone"),
    pytest.param(mail(subject="stop 06 12 34 56 78"), KNOWN, id="national number"),
    pytest.param(mail(subject="STOP 0033612345678"), KNOWN, id="number as it is dialled from abroad"),
    pytest.param(mail(subject="STOP +33 (0)6 12 34 56 78"), KNOWN, id="number with the zero in brackets"),
    pytest.param(mail("06.12.34.56.78", subject="Unsubscribe"), KNOWN, id="word in the subject, number in the text"),
    pytest.param(mail(f"Stop\n\n{NUMBER}\n"), KNOWN, id="no subject"),
    pytest.param(mail(f"{NUMBER}\nStop\n", subject="Hello"), KNOWN, id="number before the word"),
    pytest.param(
        mail(f"Bonjour,\n\nSTOP au {NUMBER}.\n\nMerci", subject="sms"), KNOWN, id="word and number in one line"
    ),
    pytest.param(mail(f"Hello. Unsubscribe. My number is {NUMBER}."), KNOWN, id="word as a sentence of its own"),
    pytest.param(mail(f"Désabonnement, mon numéro : {NUMBER}"), KNOWN, id="name of the number between"),
    pytest.param(mail("Stop", sender=FROM_CONTACT), KNOWN, id="address of a contact, no number"),
    pytest.param(mail("Stop", sender="JEAN@EXAMPLE.FR"), KNOWN, id="address in capitals"),
    pytest.param(mail("Stop\n\nSent from my iPhone", sender=FROM_CONTACT), KNOWN, id="signature of a telephone"),
    pytest.param(mail("Stop\nEnvoyé de mon iPhone", sender=FROM_CONTACT), KNOWN, id="French signature"),
    pytest.param(mail("Abmelden\n\nVon meinem iPhone gesendet", sender=FROM_CONTACT), KNOWN, id="German signature"),
    pytest.param(mail("Baja\n\nEnviado desde mi Android", sender=FROM_CONTACT), KNOWN, id="Spanish signature"),
    pytest.param(mail("Stop\n\nInviato da iPhone", sender=FROM_CONTACT), KNOWN, id="Italian signature"),
    pytest.param(mail("Стоп\n\nОтправлено с iPhone", sender=FROM_CONTACT), KNOWN, id="Russian signature"),
    pytest.param(mail(f"Stop\n\n-- \nJean Dupont\n{NUMBER}"), KNOWN, id="number only in the signature"),
    pytest.param(
        mail(
            f"Stop\n\nOn 2 Feb 2026 at 10:04, Shop <s@example.com> wrote:\n> Call {OTHER}\n> bye", sender=FROM_CONTACT
        ),
        KNOWN,
        id="reply above a quotation",
    ),
    pytest.param(
        mail(f"> Call {OTHER}\n> Reply STOP\n\nStop {NUMBER}", subject="Re: Sale"), KNOWN, id="reply below a quotation"
    ),
    pytest.param(
        mail(
            f"Stop\nLe lun. 2 févr. 2026 à 10:04, Boutique\n<b@example.com> a écrit :\n\n{OTHER}", sender=FROM_CONTACT
        ),
        KNOWN,
        id="attribution in two lines, nothing marked as quoted",
    ),
    pytest.param(
        mail(
            f"Stop\n\nVon: Laden <l@example.com>\nGesendet: Montag\nAn: Jean\nBetreff: Angebot\n\n{OTHER}",
            sender=FROM_CONTACT,
        ),
        KNOWN,
        id="reply of Outlook in plain text",
    ),
    pytest.param(
        mail(f"Stop\n\n-----Ursprüngliche Nachricht-----\n{OTHER}", sender=FROM_CONTACT), KNOWN, id="original message"
    ),
    pytest.param(html(GMAIL_REPLY, sender=FROM_CONTACT, subject="Re: Sale"), KNOWN, id="reply of Gmail"),
    pytest.param(html(OUTLOOK_REPLY, sender=FROM_CONTACT, subject="RE: Soldes"), KNOWN, id="reply of Outlook"),
    pytest.param(
        html(f"<blockquote><p>Call {OTHER}</p></blockquote><p>Stop {NUMBER}</p>"), KNOWN, id="HTML below a quotation"
    ),
    pytest.param(
        mail(b"\x1b$BG[?.Dd;_\x1b(B\n\xff\n+33612345678", content_type="text/plain; charset=iso-2022-jp"),
        KNOWN,
        id="iso-2022-jp with a broken octet",
    ),
    pytest.param(html(f"<p>Unsubscribe</p><p>{NUMBER}</p>"), KNOWN, id="HTML alone"),
    pytest.param(
        mail(FORWARDED.format(text="Stop"), subject="Fwd: promo"), KNOWN, id="forwarded, address of the first sender"
    ),
    pytest.param(
        mail(FORWARDED.format(text=f"Stop {OTHER}"), subject="TR: promo"), OTHER, id="forwarded, with a number"
    ),
    pytest.param(
        multipart(
            "mixed",
            part(""),
            b"Content-Type: message/rfc822\n\n" + mail(f"Stop {OTHER}", sender="x@example.com"),
            subject="Fwd: stop",
        ),
        OTHER,
        id="forwarded as an attachment",
    ),
    pytest.param(in_base64(f"Stop\n{NUMBER}"), KNOWN, id="base64"),
    pytest.param(mail(subject=f"=?utf-8?B?U1RPUA==?= {NUMBER}"), KNOWN, id="encoded subject"),
    pytest.param(
        mail(subject="=?iso-8859-1?Q?Arr=EAt?=\n =?iso-8859-1?Q?ez?= 0612345678"), KNOWN, id="encoded words, folded"
    ),
    pytest.param(in_quoted_printable(f"Arrêtez\n{NUMBER}", "windows-1252"), KNOWN, id="windows-1252"),
    pytest.param(
        mail(b"\x1b$BG[?.Dd;_\x1b(B\n+33612345678", content_type="text/plain; charset=iso-2022-jp"),
        KNOWN,
        id="iso-2022-jp",
    ),
    pytest.param(
        mail(f"Arrêtez\n{NUMBER}", charset="latin-1", content_type="text/plain; charset=utf-8"),
        KNOWN,
        id="not the charset",
    ),
    pytest.param(mail(f"Stop\n{NUMBER}", content_type="text/plain; charset=x-none-such"), KNOWN, id="unknown charset"),
    pytest.param(mail(b"Stop\n\xff\xfe\x81\n+33612345678"), KNOWN, id="broken octets behind the word"),
    pytest.param(
        multipart("alternative", part(f"Stop {NUMBER}"), part("<p>shown</p>", "text/html")), KNOWN, id="alternative"
    ),
    pytest.param(
        multipart("alternative", part(" "), part(f"<p>Stop {NUMBER}</p>", "text/html")), KNOWN, id="empty plain text"
    ),
    pytest.param(
        multipart("mixed", part(f"Stop {NUMBER}"), part(OTHER, "text/plain", "Content-Disposition: attachment")),
        KNOWN,
        id="text in an attachment does not count",
    ),
    pytest.param(mail(f"Stop\n{NUMBER}\n+33 6 00 00 00 01"), KNOWN, id="a second number that is no contact's"),
    pytest.param(mail(f"Stop\n{OTHER}", sender=FROM_CONTACT), OTHER, id="a number counts before the address"),
]


@pytest.mark.parametrize(("octets", "number"), OPT_OUTS)
def test_a_clear_mail_opts_out_one_number(octets: bytes, number: str) -> None:
    """A word and a known number, or the address of a contact, is an opt-out of that number and of no other."""
    decision = judge(octets)
    assert (decision.action, decision.numbers) == (MailAction.OPT_OUT, (number,)), decision
    assert decision.word is not None


def test_two_known_numbers_are_both_opted_out() -> None:
    """Whoever writes two numbers of contacts means both."""
    assert judge(mail(f"STOP\n{NUMBER}\n{OTHER}")).numbers == (KNOWN, OTHER)


def test_every_number_of_an_address_is_opted_out() -> None:
    """A person with two telephones and one address is opted out with both."""
    decision = judge(mail("Stop", sender=FROM_CONTACT), addresses={ADDRESS: (KNOWN, OTHER)})
    assert decision.numbers == (KNOWN, OTHER)


REVIEWS = [
    pytest.param(mail(subject="STOP"), "no number that is known", id="word without number or address"),
    pytest.param(mail(subject="STOP +33 6 00 00 00 01"), "its number is no contact's", id="unknown number"),
    pytest.param(mail(f"Stop this bill, {NUMBER}"), "may ask", id="doubtful word and number"),
    pytest.param(mail("The bus stop is closed.", sender=FROM_CONTACT), "may ask", id="doubtful word and address"),
    pytest.param(mail(f"When do you open? Call me: {NUMBER}"), "no opt-out word", id="number without a word"),
    pytest.param(
        mail(f"Stop\n{NUMBER}", auto_submitted="auto-generated"), "sent by a program", id="form on a web page"
    ),
    pytest.param(mail(f"Stop {NUMBER}", list_unsubscribe="<mailto:x@example.com>"), "mailing list", id="mailing list"),
    pytest.param(
        mail("Please look.\n\n" + FORWARDED.format(text=f"Stop {OTHER}"), subject="Fwd: promo"),
        "may ask",
        id="forwarded with a question",
    ),
    pytest.param(
        multipart("mixed", *[part(str(number)) for number in range(200)]), "too many parts", id="too many parts"
    ),
    pytest.param(b"Stop +33612345678", "no headers", id="no mail at all"),
    pytest.param(b"", "no headers", id="no octet"),
    pytest.param(mail("x" * (1024 * 1024 + 1)), "1024 KiB", id="larger than is read"),
]


@pytest.mark.parametrize(("octets", "because"), REVIEWS)
def test_an_unclear_mail_goes_to_a_person(octets: bytes, because: str) -> None:
    """If a mail may ask for an opt-out and modemd cannot tell of whom, or whether, a person decides."""
    decision = judge(octets)
    assert decision.action is MailAction.REVIEW, decision
    assert because in decision.because


NOTHINGS = [
    pytest.param(mail("When do you open?"), id="question"),
    pytest.param(mail("When do you open?", sender=FROM_CONTACT), id="question of a contact"),
    pytest.param(mail("The bus stop is closed."), id="word inside a sentence of a stranger"),
    pytest.param(
        mail("I am away. In urgent cases:\nstop\n", subject="Automatic reply: Sale", sender=FROM_CONTACT),
        id="out of office by its subject",
    ),
    pytest.param(
        mail("Stop", subject="Re: Sale", auto_submitted="auto-replied", sender=FROM_CONTACT), id="automatic answer"
    ),
    pytest.param(mail("Stop", x_autoreply="yes", sender=FROM_CONTACT), id="automatic answer of an older program"),
    pytest.param(mail("Stop", precedence="bulk", sender=FROM_CONTACT), id="sent in bulk"),
    pytest.param(
        multipart("report", part("could not be delivered: STOP"), sender="MAILER-DAEMON@example.com"), id="bounce"
    ),
    pytest.param(
        html("<p>Our newsletter</p><p>Stop</p><p>Call +1 202 555 0100</p>", list_id="<news.example.com>"),
        id="newsletter",
    ),
    pytest.param(
        mail(f"What is this?\n\nOn 2 Feb 2026 at 10:04, Shop wrote:\n> STOP to end {NUMBER}"),
        id="word and number only in the quotation",
    ),
    pytest.param(mail(FORWARDED.format(text="Hello"), sender=FROM_CONTACT, subject="Fwd: x"), id="forwarded, no word"),
    pytest.param(html("<!-- STOP --><style>STOP</style><p>hi</p>", sender=FROM_CONTACT), id="word that nobody sees"),
    pytest.param(mail("START", sender=FROM_CONTACT), id="nobody is opted in by mail"),
]


@pytest.mark.parametrize("octets", NOTHINGS)
def test_another_mail_changes_nothing(octets: bytes) -> None:
    """Machines, quotations and questions opt nobody out."""
    decision = judge(octets)
    assert (decision.action, decision.numbers) == (MailAction.NONE, ()), decision


def test_who_forwards_a_mail_is_not_its_writer() -> None:
    """An employee who is a contact, too, and hands on the STOP of somebody unknown, is not opted out."""
    text = FORWARDED.replace("jean@example.fr", "unknown@example.com").format(text="Stop")
    assert judge(mail(text, sender=FROM_CONTACT, subject="Fwd: promo")).action is MailAction.REVIEW


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("0612345678", ()),
        ("00 33 6 12 34 56 78", (KNOWN,)),
        ("+33612345678", (KNOWN,)),
        ("order 12345678901 of 12/10/2026", ()),
        ("+52 1 55 1234 5678", ("+5215512345678", "+525512345678")),
        ("+39 06 698 12345", ("+390669812345",)),
    ],
)
def test_a_number_needs_its_country(text: str, numbers: tuple[str, ...]) -> None:
    """Without a country, only an international number is one; a telephone with two numbers has both."""
    assert set(find_numbers(text, ())) == set(numbers)
