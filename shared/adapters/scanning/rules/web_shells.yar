rule Web_Shell_Php
{
    meta:
        description = "PHP that runs what a request sends, or code that is packed"
        severity = "malicious"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
    strings:
        $php = /<\?(php|=)/ nocase
        $eval_packed = /(eval|assert)[ \t]*\([ \t]*@?(base64_decode|gzinflate|gzuncompress|str_rot13|strrev)[ \t]*\(/ nocase
        $eval_sent = /(eval|assert|create_function)[ \t]*\([ \t]*@?\$_(GET|POST|REQUEST|COOKIE|SERVER)/ nocase
        $run_sent = /(system|passthru|shell_exec|exec|popen|proc_open)[ \t]*\([ \t]*@?\$_(GET|POST|REQUEST|COOKIE|SERVER)/ nocase
        $call_sent = /\$_(GET|POST|REQUEST|COOKIE)[ \t]*\[[^\]\r\n]{1,60}\][ \t]*\([ \t]*\$_(GET|POST|REQUEST|COOKIE)/ nocase
    condition:
        $php and any of ($eval_*, $run_sent, $call_sent)
}

rule Web_Shell_Jsp
{
    meta:
        description = "JSP that runs what a request sends"
        severity = "malicious"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
    strings:
        $jsp = "<%"
        $run_1 = /getRuntime[ \t]*\([ \t]*\)[ \t]*\.[ \t]*exec[ \t]*\(/
        $run_2 = /new[ \t]+(java\.lang\.)?ProcessBuilder[ \t]*\(/
        $run_3 = /defineClass[ \t]*\(/
        $sent = /request[ \t]*\.[ \t]*(getParameter|getHeader|getInputStream|getReader)[ \t]*\(/
    condition:
        $jsp and any of ($run_*) and $sent
}

rule Web_Shell_Asp
{
    meta:
        description = "ASP or ASP.NET that runs what a request sends"
        severity = "malicious"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
    strings:
        $asp = "<%"
        $eval = /[^a-z0-9_.](eval|execute|executeglobal)[ \t]*\(?[ \t]*request[ \t]*(\.[ \t]*(item|form|querystring|params|cookies|headers)[ \t]*)?[\(\[][ \t]*["']/ nocase
        $start_1 = "Process.Start" nocase
        $start_2 = "ProcessStartInfo" nocase
        $start_3 = "WScript.Shell" nocase
        $shell = "cmd.exe" nocase
        $sent = /Request[ \t]*(\.[ \t]*(Form|QueryString|Item|Params|Headers))?[ \t]*[\[\(]/ nocase
    condition:
        $asp and ($eval or (any of ($start_*) and $shell and $sent))
}
