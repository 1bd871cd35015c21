// Texts that quote an attack (logs, reports) are the daily bread of incident response. What only mentions a command is
// therefore "suspicious"; "malicious" is a file that is the dropper itself.
// How far a pattern may reach is bounded: it is tried at each place where its first word stands, and a hostile file has
// millions of those.

rule Command_Encoded
{
    meta:
        description = "Mentions a PowerShell command that is encoded"
        severity = "suspicious"
        reference = "https://attack.mitre.org/techniques/T1027/010/"
    strings:
        $encoded = /powershell(\.exe)?[^\r\n]{0,120}[ \t][\-\/]e[a-z]{0,14}[ \t]+["']?[A-Za-z0-9+\/]{40}/ nocase
        $wide = /p\x00o\x00w\x00e\x00r\x00s\x00h\x00e\x00l\x00l\x00([^\r\n]\x00){0,120}[\-\/]\x00e\x00([a-z]\x00){0,14}[ \t]\x00(["']\x00)?([A-Za-z0-9+\/]\x00){40}/ nocase
    condition:
        any of them
}

rule Command_Downloads
{
    meta:
        description = "Mentions a command line that downloads something and runs it with Windows' own tools"
        severity = "suspicious"
        reference = "https://lolbas-project.github.io/"
    strings:
        $cradle_1 = /[^a-z](IEX|Invoke-Expression)[^\r\n]{0,100}(DownloadString|Invoke-WebRequest|FromBase64String)/ nocase
        $cradle_2 = /(DownloadString|FromBase64String)[^\r\n]{0,100}\|[ \t]*(IEX|Invoke-Expression)/ nocase
        $certutil = /certutil(\.exe)?[^\r\n]{0,100}[\-\/]urlcache[^\r\n]{0,100}https?:/ nocase
        $mshta = /mshta(\.exe)?[ \t]+["']?(https?:|javascript:|vbscript:)/ nocase
        $bitsadmin = /bitsadmin(\.exe)?[^\r\n]{0,100}\/transfer[^\r\n]{0,100}https?:/ nocase
        $regsvr = /regsvr32(\.exe)?[^\r\n]{0,100}\/i:["']?https?:/ nocase
        $rundll = /rundll32(\.exe)?[ \t]+javascript:/ nocase
        $script = /(wscript|cscript)(\.exe)?[ \t]+["']?(\/\/[a-z]+:?[a-z]*[ \t]+)*(https?:|\\\\)/ nocase
    condition:
        any of them
}

rule Script_Batch_Dropper
{
    meta:
        description = "A script whose beginning is a command line and that downloads or decodes something and runs it"
        severity = "malicious"
        reference = "https://attack.mitre.org/techniques/T1059/003/"
    strings:
        $start = /(\xEF\xBB\xBF)?\s{0,20}@?(echo[ \t]+off|setlocal|::|rem[ \t]|powershell(\.exe)?[ \t]+["(\-]|cmd(\.exe)?[ \t]+\/|certutil(\.exe)?[ \t]+-|mshta(\.exe)?[ \t]+["'hjv]|bitsadmin(\.exe)?[ \t]+\/|start[ \t]+("[^"\r\n]{0,50}"[ \t]+)?(\/[a-z]+[ \t]+)*(powershell|mshta|cmd|certutil|regsvr32))/ nocase
        $shell = "powershell" nocase
        $gets = /(Download(String|File|Data)|FromBase64String|Invoke-WebRequest|Start-BitsTransfer)/ nocase
        $decode = /certutil(\.exe)?[^\r\n]{0,100}[\-\/](urlcache|decode)/ nocase
    condition:
        at_start and filesize < 2MB and $start at 0 and
        (Command_Encoded or Command_Downloads or $decode or ($shell and $gets))
}

rule Script_Host_Dropper
{
    meta:
        description = "JScript or VBScript that downloads a file or builds one and runs it"
        severity = "malicious"
        reference = "https://attack.mitre.org/techniques/T1059/005/"
    strings:
        $run_1 = "WScript.Shell" nocase ascii wide
        $run_2 = "Shell.Application" nocase ascii wide
        $get_1 = "MSXML2.XMLHTTP" nocase ascii wide
        $get_2 = "MSXML2.ServerXMLHTTP" nocase ascii wide
        $get_3 = "WinHttp.WinHttpRequest" nocase ascii wide
        $get_4 = "Microsoft.XMLHTTP" nocase ascii wide
        $save = "SaveToFile" nocase ascii wide
        $stream = "ADODB.Stream" nocase ascii wide
    condition:
        any of ($run_*) and $stream and $save and any of ($get_*)
}

rule Script_Amsi_Bypass
{
    meta:
        description = "PowerShell that switches off the inspection of scripts by malware scanners"
        severity = "malicious"
        reference = "https://attack.mitre.org/techniques/T1562/001/"
    strings:
        $class = "System.Management.Automation.AmsiUtils" nocase ascii wide
        $field = "amsiInitFailed" nocase ascii wide
        $set = /GetField[^\r\n]{0,100}SetValue/ nocase ascii wide
    condition:
        all of them
}

rule Shortcut_Runs_Script
{
    meta:
        description = "A Windows shortcut that starts a script interpreter with a download or an encoded command"
        severity = "malicious"
        reference = "https://attack.mitre.org/techniques/T1204/002/"
    strings:
        $program_1 = "powershell" nocase ascii wide
        $program_2 = "mshta" nocase ascii wide
        $program_3 = "cmd.exe" nocase ascii wide
        $program_4 = "wscript" nocase ascii wide
        $program_5 = "rundll32" nocase ascii wide
        $does_1 = "http://" nocase ascii wide
        $does_2 = "https://" nocase ascii wide
        $does_3 = " -enc" nocase ascii wide
        $does_4 = "-windowstyle hidden" nocase ascii wide
        $does_5 = "FromBase64String" nocase ascii wide
        $does_6 = " -w hidden" nocase ascii wide
    condition:
        at_start and uint32(0) == 0x0000004C and uint32(4) == 0x00021401 and any of ($program_*) and any of ($does_*)
}
