// The source of a macro is packed inside its document; where it can be unpacked it is scanned as `macro 1.vba`.

rule Macro_Runs_By_Itself
{
    meta:
        description = "An Office macro that runs when the document is opened or closed"
        severity = "suspicious"
        reference = "https://attack.mitre.org/techniques/T1137/001/"
    strings:
        $source = "Attribute VB_Name" nocase
        $packed = "Attribut\x00e VB_"
        $auto = /(Auto_?(Open|Exec|Close|Exit|New)|Document_?(Open|Close|New)|Workbook_?(Open|Activate|BeforeClose))/ nocase
    condition:
        any of ($source, $packed) and $auto
}

rule Macro_Starts_Programs
{
    meta:
        description = "An Office macro that runs by itself and starts a program or downloads a file"
        severity = "malicious"
        reference = "https://attack.mitre.org/techniques/T1204/002/"
    strings:
        $source = "Attribute VB_Name" nocase
        $packed = "Attribut\x00e VB_"
        $auto = /(Auto_?(Open|Exec|Close|Exit|New)|Document_?(Open|Close|New)|Workbook_?(Open|Activate|BeforeClose))/ nocase
        $does_1 = "WScript.Shell" nocase
        $does_2 = "Shell.Application" nocase
        $does_3 = "URLDownloadToFile" nocase
        $does_4 = "MSXML2." nocase
        $does_5 = "WinHttp.WinHttpRequest" nocase
        $does_6 = "powershell" nocase
        $does_7 = "ADODB.Stream" nocase
        $does_8 = "winmgmts:" nocase
        $does_9 = /[^a-z_]Shell[ \t]*\(?[ \t]*"/ nocase
        $does_10 = "VirtualAlloc" nocase
    condition:
        any of ($source, $packed) and $auto and any of ($does_*)
}

rule Excel_4_Macro
{
    meta:
        description = "An Excel 4.0 macro sheet, which runs programs without VBA"
        severity = "suspicious"
        reference = "https://attack.mitre.org/techniques/T1059/"
    strings:
        $sheet = "xl/macrosheets/" nocase
        $content = "http://schemas.microsoft.com/office/excel/2006/main\" xmlns:xm" nocase
        $xml = "<xm:macrosheet" nocase
    condition:
        any of ($sheet, $xml) or ($content and $xml)
}

rule Document_Remote_Template
{
    meta:
        description = "An Office document that loads its template or an object from the network when it is opened"
        severity = "suspicious"
        reference = "https://attack.mitre.org/techniques/T1221/"
    strings:
        $template = /relationships\/(attachedTemplate|oleObject|frame|subDocument)"[^>]{0,300}Target="(https?|file|mhtml|\\\\)[^>]{0,500}TargetMode="External"/ nocase
        $reversed = /Target="(https?|file|mhtml|\\\\)[^>]{0,500}relationships\/(attachedTemplate|oleObject|frame|subDocument)"/ nocase
    condition:
        any of them
}

rule Rtf_Equation_Object
{
    meta:
        description = "RTF with an object of the Equation Editor, whose faults are used to run code (CVE-2017-11882)"
        severity = "suspicious"
        reference = "https://nvd.nist.gov/vuln/detail/CVE-2017-11882"
    strings:
        $class = "02ce020000000000c000000000000046" nocase
        $name = "4571756174696f6e2e33" nocase
    condition:
        at_start and uint32be(0) == 0x7B5C7274 and any of them
}

rule Rtf_Holds_Program
{
    meta:
        description = "RTF that holds a Windows program"
        severity = "malicious"
        reference = "https://attack.mitre.org/techniques/T1027/009/"
    strings:
        $program = /4d5a[0-9a-f\r\n]{100,1000}546869732070726f6772616d/ nocase
    condition:
        at_start and uint32be(0) == 0x7B5C7274 and $program
}

rule Pdf_Acts_On_Opening
{
    meta:
        description = "PDF that runs JavaScript or a program when it is opened"
        severity = "suspicious"
        reference = "https://attack.mitre.org/techniques/T1204/002/"
    strings:
        $header = "%PDF-"
        $when_1 = "/OpenAction"
        $when_2 = /\/AA[ \t\r\n<]/
        $what_1 = "/JavaScript"
        $what_2 = /\/JS[ \t\r\n(<]/
        $what_3 = "/Launch"
    condition:
        at_start and $header in (0..1024) and any of ($when_*) and any of ($what_*)
}

rule Pdf_Encrypted
{
    meta:
        description = "PDF whose content is encrypted and could not be scanned"
        severity = "suspicious"
        reference = "https://attack.mitre.org/techniques/T1027/013/"
    strings:
        $header = "%PDF-"
        $encrypt = /\/Encrypt[ \t\r\n]+[0-9<]/
    condition:
        at_start and $header in (0..1024) and $encrypt
}
