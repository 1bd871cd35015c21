rule Beacon_Configuration
{
    meta:
        description = "The configuration of a Cobalt Strike beacon, encoded with one of its two default keys"
        severity = "malicious"
        reference = "https://github.com/Sentinel-One/CobaltStrikeParser"
    strings:
        // Type, port and pause, the first three settings, each as number, kind and length; keys 0x2E (version 4), 0x69 (3).
        $four = { 2E 2F 2E 2F 2E 2C ?? ?? 2E 2C 2E 2F 2E 2C ?? ?? 2E 2D 2E 2C 2E 2A }
        $three = { 69 68 69 68 69 6B ?? ?? 69 6B 69 68 69 6B ?? ?? 69 6A 69 6B 69 6D }
    condition:
        any of them
}

rule Program_Steals_Credentials
{
    meta:
        description = "A program with the commands of Mimikatz"
        severity = "malicious"
        reference = "https://attack.mitre.org/software/S0002/"
    strings:
        $author = "gentilkiwi" ascii wide
        $module_1 = "sekurlsa" ascii wide
        $module_2 = "lsadump" ascii wide
        $module_3 = "kerberos" ascii wide
        $what = "logonpasswords" nocase ascii wide
    condition:
        at_start and uint16be(0) == 0x4D5A and $author and $what and 2 of ($module_*)
}

rule Program_In_Text
{
    meta:
        description = "A Windows program in base64"
        severity = "suspicious"
        reference = "https://attack.mitre.org/techniques/T1027/009/"
    strings:
        $program = /TV[opqr][A-Za-z0-9+\/]{1,400}(VGhpcyBwcm9ncmFt|RoaXMgcHJvZ3Jhb|UaGlzIHByb2dyYW)/
    condition:
        $program
}

rule Ransom_Note
{
    meta:
        description = "Reads like the note of an extortionist"
        severity = "suspicious"
        reference = "https://attack.mitre.org/techniques/T1486/"
    strings:
        $files = /(your|all)[^\r\n]{0,40}(files|data|documents|network)[^\r\n]{0,40}(encrypted|locked|stolen)/ nocase
        $onion = /[a-z2-7]{16,56}\.onion/
        $tor = "tor browser" nocase
        $coin = /(bitcoin|monero|[^a-z](BTC|XMR)[^a-z])/ nocase
        $key = /(decrypt(ion|or|er)?[^\r\n]{0,30}(key|tool|software|program)|private key)/ nocase
        $warning = /(do not|don't)[^\r\n]{0,40}(rename|modify|recover|third.party)/ nocase
    condition:
        filesize < 2MB and $files and 3 of ($onion, $tor, $coin, $key, $warning)
}
