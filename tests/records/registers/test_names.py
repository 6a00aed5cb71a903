"""Names: taken apart, and compared."""

from __future__ import annotations

import pytest

from records.registers.names import Name, are_alike, person_key, split_name


@pytest.mark.parametrize(
    ("full", "given", "family", "suffix"),
    [
        ("Robert D Plunk", "Robert D", "Plunk", ""),
        ("Ann", "", "Ann", ""),
        ("John Smith Jr.", "John", "Smith", "Jr."),
        ("John Smith, Jr.", "John", "Smith", "Jr."),
        ("JOHN A SMITH III", "JOHN A", "SMITH", "III"),
        ("Smith, John A", "John A", "Smith", ""),
        ("Smith Jr, John A", "John A", "Smith", "Jr"),
        ("Smith, John A, MD", "John A", "Smith", "MD"),
        ("Linda M De Sumner", "Linda M", "De Sumner", ""),
        ("Ludwig van Beethoven", "Ludwig", "van Beethoven", ""),
        ("Van Morrison", "Van", "Morrison", ""),
        ("Douglas D Van Vanderwoude", "Douglas D", "Van Vanderwoude", ""),
        ("Henry V", "Henry", "V", ""),
        ("Henry Tudor V", "Henry", "Tudor", "V"),
        ("Anh Do", "Anh", "Do", ""),
        ("Jr", "", "Jr", ""),
        ("", "", "", ""),
        ("  Mia   Söderström ", "Mia", "Söderström", ""),
    ],
)
def test_a_full_name_is_taken_apart(full, given, family, suffix):
    assert split_name(full) == Name(given, family, suffix)


def test_case_accents_dots_and_the_place_of_the_split_do_not_matter():
    assert person_key(Name("JOSÉ A.", "NÚÑEZ", "JR.")) == person_key(Name("Jose", "A Nunez", "Jr"))


def test_the_suffix_tells_people_apart():
    assert person_key(Name("John", "Smith", "Jr")) != person_key(Name("John", "Smith"))
    assert person_key(Name("John", "Smith", "II")) != person_key(Name("John", "Smith", "III"))


def test_names_are_alike_with_the_same_family_or_words_of_one_another():
    smith = Name("John A", "Smith")
    assert are_alike(smith, Name("J", "SMITH"))
    assert are_alike(smith, Name("Smith", "John"))
    assert are_alike(Name("", "Cher"), Name("Cher", "Bono"))
    assert not are_alike(smith, Name("Max", "Miller"))
    assert not are_alike(Name("", "Ann"), Name("", "Bo"))
