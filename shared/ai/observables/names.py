"""Dotted words: domains, names of files, or neither.

A name is a domain only below a real public suffix; the list of those is packaged. What is also the ending of a file
(invoice.zip, setup.sh), of a sentence that lacks its space ("done.In"), of a program's identifier (java.io) or of a
product (ASP.NET) is a domain only where something says so: a defanged dot, or www in front.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from shared.ai.observables import hosts
from shared.ai.observables.found import Found
from shared.domain.observables import ObservableType

DOTTED = re.compile(r"[\w+~$!#%-](?:[\w.+~$!#%-]++|\(\w{1,20}\)|\[\w{1,20}\])++")
"""A run of characters that names are made of; brackets only around a word within it: report(2).pdf."""
WITH_PATH = re.compile(r"(?<![\w@./\\-])([\w-]++(?:\.[\w-]++)++)(?::[0-9]{1,5})?/[\w.~%/?=&#+-]*+")
"""evil.example/login.php, without a scheme: group 1 is the host."""
_QUOTES = "\"'`\u2018\u2019\u201c-\u201e\u00ab\u00bb"
QUOTED = re.compile(rf"(?<!\w)[{_QUOTES}]([^{_QUOTES}\n<>|?*]{{1,260}}+)[{_QUOTES}]")
MAX_FILE_NAME = 255  # what file systems take


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Programs, scripts, libraries and what starts them; documents; archives and images of disks; pictures, sound and films;
# data, keys and dumps.
EXTENSIONS = _words("""
    exe dll scr sys drv ocx cpl msi msp msix appx bat cmd ps1 psm1 psd1 vbs vbe vb js jse mjs wsf wsh wsc hta sct lnk
    url pif jar class apk ipa deb rpm dmg pkg elf bin run sh bash py pyc pyw pl php phtml asp aspx jsp jspx cgi rb lua
    reg inf gadget application settingcontent-ms chm hlp scf library-ms iqy slk xll wll ko dylib vbscript swf

    doc docx docm dot dotx dotm xls xlsx xlsm xlsb xlt xltx xltm xlam ppt pptx pptm pps ppsx ppsm pot potx odt ods odp
    rtf pdf txt csv tsv one xps pub msg eml mbox pst ost ics vcf html htm mht mhtml shtml xhtml svg xml xsl json yaml
    yml md epub log ini conf cfg

    zip rar 7z gz tgz bz2 xz zst lz lzma tar cab arj ace iso img vhd vhdx vmdk ova qcow2 udf wim

    jpg jpeg png gif bmp tif tiff webp ico heic mp3 mp4 wav avi mov mkv webm

    sql db sqlite mdb accdb bak tmp dat dmp pcap pcapng evtx etl pem crt cer key pfx p12 kdbx kbx rdp ovpn ppk torrent
    encrypted locked crypt
""")
# Endings that are suffixes of domains, too, and with which a name is a file's: scripts and archives come up more often.
_FILE_FIRST = _words("zip mov sh py md pub one run cab dot")
_NOT_FILES = _words("""
    node.js vue.js next.js react.js nuxt.js angular.js ember.js express.js three.js d3.js chart.js require.js
    backbone.js jquery.js moment.js p5.js alpine.js discord.js electron.js nest.js
""")
_NOT_DOMAINS = _words(
    "asp.net vb.net ado.net ml.net paint.net socket.io system.io java.io care.data google.docs dr.med"
)
# What programs' objects and Java's packages begin with; the latter are domains turned around, com.example.app.
_CODE = _words("java javax android androidx kotlin this self os sys env window document console")
_TURNED_AROUND = _words("com org net edu")
_LAST_LABELS = _words("com org net info")
# Suffixes that are words, too: behind a word that ends a sentence they are the next one's first.
_SENTENCE_FIRST = re.compile(r"[A-ZÄÖÜ][a-zäöüß]+")
_CAPITALISED_SUFFIXES = frozenset({"Com", "Net", "Org", "Info", "Biz", "De"})
_AROUND = ".+!#%-"


def trimmed(text: str) -> tuple[int, str]:
    """The run without what is around the name: how many characters were in front, and the name."""
    left = text.lstrip(_AROUND)
    return len(text) - len(left), left.rstrip(f"{_AROUND}~$")


def names(text: str, *, defanged: bool) -> Iterator[Found]:
    """The domain, or the file's name, that a trimmed run is; nothing for anything else."""
    found = _name(text, defanged=defanged)
    stem, _, last = text.rpartition(".")
    if found is None and "." in stem and _SENTENCE_FIRST.fullmatch(last):
        found = _name(stem, defanged=defanged)  # evil.net.The next sentence lacks its space
    if found is not None:
        yield found


def _name(text: str, *, defanged: bool) -> Found | None:
    stem, dot, ending = text.rpartition(".")
    if not dot or not stem:
        return None
    if "-" in ending and ending.lower() not in EXTENSIONS:
        # invoice.pdf-Datei, evil.net-Seite: German joins words so.
        ending = ending.partition("-")[0]
        text = f"{stem}.{ending}"
    if not defanged and ending.lower() in EXTENSIONS and (found := file_found(text)) is not None:
        as_domain = hosts.domain(text) if ending.lower() not in _FILE_FIRST else None
        if as_domain is None or "_" in stem:
            return found
    name = domain_found(text, defanged=defanged)
    return None if name is None else Found(ObservableType.DOMAIN, name)


def domain_found(text: str, *, defanged: bool) -> str | None:
    """The canonical name when the run is a domain."""
    if any(char in text for char in "+~$!#%()[]"):
        return None
    canonical = hosts.domain(text)
    if canonical is None or defanged or canonical.startswith("www."):
        return canonical
    return None if _is_something_else(text, canonical) else canonical


def file_found(text: str) -> Found | None:
    """The name of a file when the text ends in a known extension."""
    name = re.split(r"[\\/]", text)[-1].strip()
    stem, _, ending = name.rpartition(".")
    known = ending.lower() in EXTENSIONS
    if not known or not stem.strip(".") or len(name) > MAX_FILE_NAME or name.lower() in _NOT_FILES:
        return None
    if not any(char.isalnum() for char in stem) or "://" in text:
        return None
    return Found(ObservableType.FILENAME, name)


def _is_something_else(text: str, canonical: str) -> bool:
    first, _, rest = canonical.partition(".")
    last = text.rpartition(".")[2]
    if canonical in _NOT_DOMAINS or first in _CODE:
        return True
    if first in _TURNED_AROUND and last.lower() not in _LAST_LABELS and len(last) > 2:
        return True
    if last not in _CAPITALISED_SUFFIXES and _SENTENCE_FIRST.fullmatch(last):
        return True
    # 3.de, 12.in: a number and the next word, unless the suffix is one where numbers are sold as names.
    return first.isdigit() and "." not in rest and rest not in {"com", "net", "org", "cn"}
