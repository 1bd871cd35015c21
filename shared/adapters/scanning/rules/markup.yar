rule Html_Smuggling
{
    meta:
        description = "A page that puts a packed program or archive together and saves it as a download"
        severity = "malicious"
        reference = "https://attack.mitre.org/techniques/T1027/006/"
    strings:
        $script = "<script" nocase
        $decode_1 = "atob(" nocase
        $decode_2 = "Uint8Array" nocase
        $save_1 = "createObjectURL"
        $save_2 = "msSaveOrOpenBlob"
        $save_3 = "msSaveBlob"
        // The beginnings of a program, ZIP, RAR, ISO-sized zeros, 7z and OLE document in base64.
        $packed = /["'`](TV[opqr][A-Za-z0-9+\/]{60}|UEsDB[A-Za-z0-9+\/]{60}|UmFyIRo[A-Za-z0-9+\/]{60}|N3q8rycc[A-Za-z0-9+\/]{60}|0M8R4KGx[A-Za-z0-9+\/]{60}|AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA)/
    condition:
        $script and any of ($decode_*) and any of ($save_*) and $packed
}

rule Html_Builds_Download
{
    meta:
        description = "A page that puts a file together and saves it as a download"
        severity = "suspicious"
        reference = "https://attack.mitre.org/techniques/T1027/006/"
    strings:
        $script = "<script" nocase
        $decode = "atob(" nocase
        $save_1 = "createObjectURL"
        $save_2 = "msSaveOrOpenBlob"
        $save_3 = "msSaveBlob"
        $blob = "new Blob"
    condition:
        $script and $decode and $blob and any of ($save_*)
}

rule Html_With_Script
{
    meta:
        description = "A page with a script"
        severity = "suspicious"
        reference = "https://attack.mitre.org/techniques/T1027/006/"
    strings:
        $page = /<(!doctype html|html[ \t\r\n>]|head[ \t\r\n>]|body[ \t\r\n>])/ nocase
        $script = /<script[ \t\r\n>\/]/ nocase
    condition:
        at_start and $page in (0..1024) and $script
}

rule Svg_With_Script
{
    meta:
        description = "An SVG image with a script"
        severity = "suspicious"
        reference = "https://www.w3.org/TR/SVG2/interact.html#ScriptElement"
    strings:
        $image = /<svg[ \t\r\n>]/ nocase
        $script_1 = /<script[ \t\r\n>\/]/ nocase
        $script_2 = /[ \t\r\n"']on[a-z]{3,20}[ \t]*=[ \t]*["']/ nocase
        $script_3 = /href[ \t]*=[ \t]*["'][ \t]*(javascript|data:text\/html)/ nocase
        $script_4 = "<foreignObject" nocase
    condition:
        at_start and $image in (0..4096) and any of ($script_*)
}
