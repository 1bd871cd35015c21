from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.ai.categorizer import DEFAULT_MODEL, Categorizer, mixed
from shared.ai.linear_model import LinearTextModel, ModelFileError, Score
from shared.ai.text import MAX_CHARACTERS
from shared.domain.taxonomy import Category

CLEAR = [
    ("All files on the server are encrypted and a note demands a ransom in bitcoin.", Category.RANSOMWARE),
    ("A flood of traffic in a DDoS attack has taken our web site offline.", Category.DENIAL_OF_SERVICE),
    ("A skimmer was found on the card reader of the cash machine.", Category.PAYMENT_SKIMMING),
    ("A nurse looked up the medical records of her neighbour out of curiosity.", Category.INSIDER_MISUSE),
    ("I clicked on a link in a phishing email and entered my password.", Category.PHISHING_SOCIAL),
    ("The virus scanner found a trojan on two workstations.", Category.MALWARE),
    ("I left my work laptop on the train.", Category.LOST_OR_STOLEN),
    ("Hackers used SQL injection to steal the user table of our web site.", Category.HACKING),
    ("A letter with lab results was mailed to the wrong patient.", Category.MISDELIVERY),
    ("Patient files were found in a dumpster instead of being shredded.", Category.IMPROPER_DISPOSAL),
    ("A storage bucket with personal data was publicly accessible on the internet.", Category.EXPOSED_ONLINE),
]

NOT_ENGLISH = [
    "私のパソコンがおかしいです。助けてください。",
    "Мой компьютер сегодня ведёт себя странно",
    "جهاز الكمبيوتر الخاص بي لا يعمل منذ الصباح",
    "המחשב שלי לא עובד מהבוקר",
    "मेरा कंप्यूटर सुबह से काम नहीं कर रहा है",
    "คอมพิวเตอร์ของฉันใช้งานไม่ได้",
    "\u039f υπολογιστής μου δεν λειτουργεί",
    "내 컴퓨터가 아침부터 작동하지 않습니다",
    "我的电脑从早上开始就不能用了",
    "Máy tính của tôi không hoạt động từ sáng nay",
    "Bilgisayar\u0131m sabahtan beri çal\u0131şm\u0131yor",
    "Tietokoneeni ei ole toiminut aamusta lähtien",
]


@pytest.fixture(scope="module")
def categorizer() -> Categorizer:
    return Categorizer.load()


@pytest.mark.parametrize(("text", "category"), CLEAR, ids=[category for _, category in CLEAR])
def test_recognises_a_clear_case_of_each_kind(categorizer, text, category):
    answer = categorizer.categorize(text)

    assert answer.category is category
    assert not answer.abstained


def test_lists_all_categories_most_likely_first(categorizer):
    answer = categorizer.categorize(CLEAR[0][0])

    assert {category for category, _ in answer.alternatives} == set(Category)
    chances = [chance for _, chance in answer.alternatives]
    assert chances == sorted(chances, reverse=True)
    assert sum(chances) == pytest.approx(1)
    assert answer.alternatives[0] == (answer.category, answer.confidence)


def test_evidence_is_the_words_as_written_without_filler(categorizer):
    answer = categorizer.categorize("I have left my work LAPTOP, and its bag, on the train!")

    assert "LAPTOP" in answer.evidence
    assert not {"I", "my", "and", "on", "the"} & set(answer.evidence)
    assert len(answer.evidence) <= 8


def test_the_title_counts(categorizer):
    without = categorizer.categorize("Please help, this is urgent.")
    with_title = categorizer.categorize("Please help, this is urgent.", title="Ransomware encrypted our servers")

    assert without.category is not Category.RANSOMWARE
    assert with_title.category is Category.RANSOMWARE


@pytest.mark.parametrize("text", ["", "   \n\t ", "\x00\x01\x02\xff", "😀🔥🎉" * 50, "....!!!", "\ud800", "?"])
def test_says_not_sure_where_there_is_nothing_to_read(categorizer, text):
    answer = categorizer.categorize(text)

    assert answer.abstained
    assert answer.category is Category.OTHER
    assert answer.confidence == pytest.approx(1 / len(Category))


@pytest.mark.parametrize("text", NOT_ENGLISH)
def test_is_not_sure_of_languages_it_never_saw(categorizer, text):
    answer = categorizer.categorize(text)

    assert answer.abstained
    assert answer.confidence < 0.5


def test_letters_of_another_alphabet_do_not_hide_a_word(categorizer):
    plain = categorizer.categorize("The password was stolen in a phishing mail")
    disguised = categorizer.categorize("The \u0440\u0430ssw\u043erd was stolen in a \u0440hi\u200bshing mail")

    assert disguised.category is plain.category
    assert disguised.confidence == pytest.approx(plain.confidence)


def test_reads_only_the_beginning_of_a_huge_text(categorizer):
    start = "I left my work laptop on the train. " * 600
    assert len(start) > MAX_CHARACTERS

    answer = categorizer.categorize(start + "ransomware " * 100_000)

    assert answer == categorizer.categorize(start)


@settings(deadline=None, max_examples=200)
@given(
    st.one_of(
        st.text(max_size=400),
        st.binary(max_size=400).map(lambda raw: raw.decode("latin-1")),
        st.lists(
            st.sampled_from(["laptop", "stolen", "1234", "a@b.example", "https://x.example/", "\u00b4", "ﷺ", "½"]),
            max_size=60,
        ).map(" ".join),
    )
)
def test_any_text_gets_an_answer(text):
    answer = Categorizer.load().categorize(text, title=text[:20])

    assert 1 / len(Category) - 1e-9 <= answer.confidence <= 1
    assert len(answer.evidence) <= 8
    for word in answer.evidence:
        assert word in f"{text[:20]}\n{text}"


def test_same_text_same_answer(categorizer):
    text = CLEAR[3][0]

    assert categorizer.categorize(text) == categorizer.categorize(text)


def test_the_model_is_named_by_version_and_content(categorizer):
    described = json.loads(DEFAULT_MODEL.with_suffix(".json").read_text(encoding="utf-8"))

    assert categorizer.version == f"secura-categorizer/{described['version']}+{described['sha256'][:8]}"
    assert LinearTextModel.load(DEFAULT_MODEL).fingerprint() == described["sha256"]
    categories = [str(category) for category in Category]
    assert described["classes"] == [*categories, *categories, "employee"]


def test_loads_a_file_once():
    assert Categorizer.load() is Categorizer.load()


@pytest.mark.parametrize("damage", ["empty", "text", "cut", "flipped", "array"])
def test_refuses_a_damaged_file(tmp_path, damage):
    whole = DEFAULT_MODEL.read_bytes()
    path = tmp_path / "model.npz"
    if damage == "array":
        with path.open("wb") as file:
            np.save(file, np.zeros(3))
    else:
        half = len(whole) // 2
        flipped = whole[:half] + bytes(byte ^ 0xFF for byte in whole[half : half + 64]) + whole[half + 64 :]
        path.write_bytes({"empty": b"", "text": b"not a model", "cut": whole[:half], "flipped": flipped}[damage])

    with pytest.raises(ModelFileError, match=r"model\.npz"):
        Categorizer.load(path)


_CATEGORIES = list(map(str, Category))


@pytest.mark.parametrize(
    "classes",
    [
        ["spam", "spam", "employee"],
        _CATEGORIES,
        [*_CATEGORIES, *_CATEGORIES, "press"],
        [*_CATEGORIES, *reversed(_CATEGORIES), "employee"],
    ],
)
def test_refuses_a_model_of_other_classes(tmp_path, classes):
    path = tmp_path / "other.npz"
    meta = {
        "classes": classes,
        "character_ngrams": [3, 5],
        "threshold": 0.5,
        "least_known_words": 0.1,
        "version": "1",
    }
    count = len(classes)
    LinearTextModel.build((["a"], [" b "]), np.ones(2), np.zeros((2, count)), np.zeros(count), meta).save(path)

    with pytest.raises(ModelFileError, match="not a categorizer of this version"):
        Categorizer.load(path)


def test_serving_needs_neither_scikit_learn_nor_scipy():
    program = (
        "import sys\n"
        "from shared.ai.categorizer import Categorizer\n"
        "from shared.ai.severity import assess_severity\n"
        "Categorizer.load().categorize('a laptop was stolen')\n"
        "assess_severity('a laptop was stolen')\n"
        "loaded = {name.split('.')[0] for name in sys.modules}\n"
        "print(sorted(loaded & {'sklearn', 'scipy', 'joblib', 'pandas', 'names', 'scripts'}))\n"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True)  # noqa: S603

    assert done.stdout.strip() == "[]"


def test_the_same_words_are_read_in_the_voice_they_are_written_in():
    # Two categories stand for all; the press weights speak for the first, the employees' for the second.
    logits = np.array([3.0, 0.0, 0.0, 3.0, -9.0], dtype=np.float32)
    added = np.array([[3.0, 0.0, 0.0, 3.0, -9.0]], dtype=np.float32)
    nothing = np.zeros(1, dtype=np.intp)
    press = mixed(Score(logits, added, nothing + 1, nothing))
    logits, added = logits.copy(), added.copy()
    logits[-1] = 9.0
    work = mixed(Score(logits, added, nothing + 1, nothing))
    assert press.logits == pytest.approx([3.0, 0.0], abs=0.01)
    assert work.logits == pytest.approx([0.0, 3.0], abs=0.01)
    assert press.added == pytest.approx(np.array([[3.0, 0.0]]), abs=0.01)
