"""Models as text: read with line and column, written back, never evaluated."""

from contextlib import suppress
from functools import partial
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyaltymodel.errors import ModelError, OptionError
from loyaltymodel.structural import Construct, Path, StructuralModel
from timing import quickest

read = StructuralModel.from_text

TAIL = "; b =~ y; b ~ a"  # makes a model of any text that defines a construct 'a'


def content(model):
    """Return what a model claims as plain values, written by hand in the tests."""
    blocks = [(c.name, c.mode, list(c.items)) for c in model.constructs]
    return blocks, {(path.source, path.target) for path in model.paths}


AB = ([("a", "A", ["x"]), ("b", "A", ["y"])], {("a", "b")})


# Reading

READ = {
    "lines": ("a =~ x\nb =~ y\nb ~ a", AB),
    "semicolons": ("a =~ x; b =~ y; b ~ a", AB),
    "empty statements": (";;a =~ x;\n;b =~ y;;\n\n;b ~ a;", AB),
    "no blanks": ("a=~x;b=~y;b~a", AB),
    "many blanks": ("  a\t=~   x \n\n\n   b =~ y\n\tb ~ a  \n", AB),
    "a byte-order mark": ("\ufeffa =~ x\nb =~ y\nb ~ a", AB),
    "lines of Windows": ("a =~ x\r\nb =~ y\r\nb ~ a\r\n", AB),
    "blanks of Chinese keyboards": ("a\u3000=~\u3000x\nb =~ y\nb ~ a", AB),
    "comments": ("# title\na =~ x # one\nb =~ y ! two\n!three\nb ~ a", AB),
    "comment with operators": ("a =~ x # + z; c =~ q\nb =~ y\nb ~ a", AB),
    "comment at the end": ("a =~ x\nb =~ y\nb ~ a # end", AB),
    "path before constructs": ("b ~ a\na =~ x\nb =~ y", AB),
    "quotes that are not needed": ("\"a\" =~ 'x'\n'b' =~ \"y\"\nb ~ 'a'", AB),
    "mode B": ("a <~ x + z\nb =~ y\nb ~ a", ([("a", "B", ["x", "z"]), AB[0][1]], AB[1])),
    "goes on after plus": ("a =~ x +\n   z\nb =~ y\nb ~ a", None),
    "goes on before plus": ("a =~ x\n  + z\nb =~ y\nb ~ a", None),
    "goes on after the operator": ("a =~\n  x + z\nb =~ y\nb ~ a", None),
    "goes on past empty lines": ("a =~ x +\n\n\n z\nb =~ y\nb ~ a", None),
    "goes on past comments": ("a =~ x # one\n# two\n + # three\n z\nb =~ y\nb ~ a", None),
    "goes on after plus at a comment": ("a =~ x + # more\n z; b =~ y; b ~ a", None),
}
GOES_ON = ([("a", "A", ["x", "z"]), ("b", "A", ["y"])], {("a", "b")})


@pytest.mark.parametrize(("text", "expected"), READ.values(), ids=READ)
def test_reads(text, expected):
    assert content(read(text)) == (expected or GOES_ON)


def test_equations_of_one_target_add_up():
    one = read("a =~ x; b =~ y; c =~ z; c ~ a; c ~ b")
    assert one.drivers("c") == ("a", "b")
    assert one == read("a =~ x; b =~ y; c =~ z; c ~ a + b")


def test_path_that_two_equations_repeat_is_refused():
    with pytest.raises(ModelError, match="paths listed more than once: a -> b"):
        read("a =~ x; b =~ y; b ~ a; b ~ a")


def test_construct_that_two_statements_define_is_refused():
    with pytest.raises(ModelError, match="constructs named more than once: a"):
        read("a =~ x; a =~ z" + TAIL)


def test_construct_may_be_named_like_an_item():
    assert read("x =~ x; b =~ y; b ~ x").items == ("x", "y")


@pytest.mark.parametrize(
    "name",
    [
        *("满意度", "Qualität", "s.1", "_s", "S1", "a_b.c1", "überzeugt", "имя"),
        "Qualita\u0308t",  # with an accent of its own
        "संतुष्टि",
        "ความพึงพอใจ",
        "رضایت\u200cمندی",  # with a joiner
        "만족",
        "満足が",
        "hài_lòng",
    ],
)
def test_plain_words_need_no_quotes(name):
    model = read(f"{name} =~ x; b =~ y; b ~ {name}")
    assert model.names[0] == name
    assert f"{name} =~ x" in model.to_text()


QUOTED = {
    "a blank": ('"a 1"', "a 1"),
    "single quotes": ("'a 1'", "a 1"),
    "a quote within": (r'"a \"1\""', 'a "1"'),
    "double within single": ("'a \"1\"'", 'a "1"'),
    "single within double": ('"it\'s"', "it's"),
    "a backslash": (r'"a\\b"', "a\\b"),
    "a backslash in single quotes": (r"'a\nb'", r"a\nb"),
    "a new line": (r'"a\nb"', "a\nb"),
    "an escape": (r'"\u6ee1"', "满"),
    "an operator": ('"a =~ b"', "a =~ b"),
    "a plus": ("'a + b'", "a + b"),
    "a semicolon": ('"a;b"', "a;b"),
    "a comment sign": ('"a#b!c"', "a#b!c"),
    "a number": ("'1'", "1"),
}


@pytest.mark.parametrize(("written", "name"), QUOTED.values(), ids=QUOTED)
def test_quoted_names(written, name):
    model = read(f"{written} =~ {written}; b =~ y; b ~ {written}")
    assert model.names == (name, "b")
    assert model.items == (name, "y")
    assert model.drivers("b") == (name,)


# Refusals with line and column, counted by hand from 1

BROKEN = {
    "nothing": ("", "defines no construct"),
    "blanks only": ("  \n\t\n", "defines no construct"),
    "comment only": ("# a =~ x", "defines no construct"),
    "paths only": ("a ~ b", "defines no construct"),
    "name alone": ("a", "line 1, column 1: an operator must follow 'a'"),
    "name alone, later": ("b =~ y\n  a\n", "line 2, column 3: an operator must follow 'a'"),
    "two names": (
        "a b =~ x",
        "line 1, column 3: an operator must follow 'a', or a name .* in double quotes: \"a b\";",
    ),
    "operator on the next line": ("a\n=~ x", "line 1, column 1: an operator must follow 'a'"),
    "plus for an operator": ("a + b", r"line 1, column 3: '\+' has no meaning"),
    "star for an operator": ("a * b", r"line 1, column 3: '\*' has no meaning"),
    "covariance": ("a =~ x\nx ~~ y", "line 2, column 3: '~~' has no meaning"),
    "definition": ("a := b", "line 1, column 3: ':=' has no meaning"),
    "constraint": ("a == b", "line 1, column 3: '==' has no meaning"),
    "nothing after the operator": ("a =~", "line 1, column 3: nothing follows '=~'"),
    "nothing after the operator, comment": ("a <~ # x", "line 1, column 3: nothing follows '<~'"),
    "semicolon after the operator": ("b =~ y; b ~; a", "line 1, column 11: nothing follows '~'"),
    "nothing after plus": ("a =~ x +", r"line 1, column 8: nothing follows the last '\+'"),
    "semicolon after plus": ("a =~ x +; y", r"line 1, column 8: nothing follows the last '\+'"),
    "plus first": ("a =~ + x", r"line 1, column 6: expected a name, found '\+'"),
    "plus twice": ("a =~ x + + y", r"line 1, column 10: expected a name, found '\+'"),
    "plus to begin with": ("+ x", r"line 1, column 1: expected a name, found '\+'"),
    "plus after semicolon": ("a =~ x;\n + y", r"line 2, column 2: expected a name, found '\+'"),
    "operator to begin with": ("=~ x", "line 1, column 1: expected a name, found '=~'"),
    "operator twice": ("a =~ =~ x", "line 1, column 6: expected a name, found '=~'"),
    "two items without plus": (
        "a =~ x y",
        r"line 1, column 8: expected '\+' .*before 'y', or a name .* double quotes: \"x y\"$",
    ),
    "chained equations": ("a =~ x\nc ~ b ~ a", r"line 2, column 7: expected '\+' .*before '~'"),
    "label": ("b ~ k*a", r"line 1, column 6: expected '\+' .*coefficients are not supported"),
    "fixed coefficient": ("a =~ 1*x", r"line 1, column 6: cannot read '1\*x'"),
    "number for an item": ("a =~ 5", "line 1, column 6: cannot read '5'"),
    "intercept": ("a ~ 1", "line 1, column 5: cannot read '1'"),
    "name that begins with a number": ("1a =~ x", "line 1, column 1: cannot read '1a =~ x'"),
    "comma": ("a =~ x, y", "line 1, column 7: cannot read ', y'"),
    "single equals sign": ("a = x", "line 1, column 3: cannot read '= x'"),
    "arrow": ("a -> b", "line 1, column 3: cannot read '-> b'"),
    "minus": ("a =~ x\n\n  a-b", "line 3, column 4: cannot read '-b'"),
    "wide plus": ("满意 =~ 甲 ＋ 乙", "line 1, column 9: cannot read '＋ 乙'"),
    "bracket": ("f(x) =~ y", r"line 1, column 2: cannot read '\(x\) =~ y'"),
    "open double quote": ('a =~ "x', "line 1, column 6: cannot read '\"x'"),
    "open single quote": ("a =~ 'x", 'line 1, column 6: cannot read "\'x"'),
    "quote over two lines": ('a =~ "x\ny"', "line 1, column 6: cannot read"),
    "unknown escape": (r'a =~ "\q"', "line 1, column 6: cannot read the quoted name"),
    "empty name": ("'' =~ x", "name that is empty|whose name is empty"),
    "empty item": ('a =~ ""', "item whose name is empty"),
    "item twice": ("a =~ x + x", "'a' names x twice"),
    "unknown construct": ("a =~ x; b =~ y; b ~ q", "unknown constructs: 'q'"),
    "itself": ("a =~ x; a ~ a", "a -> a leads"),
    "circle": ("a =~ x; b =~ y; a ~ b; b ~ a", "close a circle"),
    "construct without a path": ("a =~ x; b =~ y; c =~ z; b ~ a", "on no path: c"),
}


@pytest.mark.parametrize(("text", "message"), BROKEN.values(), ids=BROKEN)
def test_refuses(text, message):
    with pytest.raises(ModelError, match=message):
        read(text)


def test_refusal_shows_what_is_allowed():
    with pytest.raises(ModelError) as refusal:
        read("a -> b")
    for notation in ("construct =~ item", "construct <~ item", "target ~ source", "double quotes"):
        assert notation in str(refusal.value)


def read_or_refuse(text):
    with suppress(ModelError):
        read(text)


LONG = {
    "a chain": lambda n: (
        "\n".join(f"c{i} =~ x{i}" for i in range(n))
        + "\n"
        + "\n".join(f"c{i + 1} ~ c{i}" for i in range(n - 1))
    ),
    "a circle": lambda n: "".join(f"c{i} =~ x{i}\nc{(i + 1) % n} ~ c{i}\n" for i in range(n)),
    "items": lambda n: "a =~ y" + "".join(f"\n + x{i}" for i in range(n)) + "\nb =~ z\nb ~ a",
    "strangers": lambda n: "a =~ x\n" + "\n".join(f"q{i} ~ a" for i in range(n)),
    "comments": lambda n: "# comment\n" * n,
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_time_to_read_grows_as_the_text(text):
    short, long = (quickest(partial(read_or_refuse, text(n))) for n in (1_000, 12_000))
    # Twelve times as long takes 12 times as long, and 144 times where every line looks at all.
    assert long < 48 * max(short, 0.005)


@given(st.text(alphabet="ab1 \n;#!+*~=<:'\"\\", max_size=30))
def test_any_text_is_a_model_or_a_model_error(text):
    try:
        model = read(text)
    except ModelError:
        return
    assert read(model.to_text()) == model


# Writing


def test_writes_blocks_then_equations_a_line_each():
    model = StructuralModel(
        constructs=[
            Construct(name="image", items=["i1", "i 2"], mode="B"),
            Construct(name="value for money", items=["v"]),
            Construct(name="满意度", items=["甲", 'say "so"', "a\\b", "two\nlines", "1st"]),
        ],
        paths=[
            Path(source="value for money", target="满意度"),
            Path(source="image", target="满意度"),
            Path(source="image", target="value for money"),
        ],
    )
    assert model.to_text().split("\n") == [
        'image <~ i1 + "i 2"',
        '"value for money" =~ v',
        r'满意度 =~ 甲 + "say \"so\"" + "a\\b" + "two\nlines" + "1st"',
        "",
        '"value for money" ~ image',
        '满意度 ~ image + "value for money"',
    ]


ODD = ["满意度", "a b", 'q"q', "it's", "\\", "\\n", "\n", " x ", "=~", "a ~ b + c", "# c", ";", "1"]
# '>' is left out: two paths between names with arrows in them may read alike.
NAMES = st.one_of(
    st.sampled_from([*ODD, "<~", ":=", "!", "a.b", "b", "\t.", "é", "\u2028x", "\r", "😀", "\x00"]),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
).filter(str.strip)


@st.composite
def models(draw, texts=NAMES):
    """Draw any model: constructs in any order, each but the first driven by some before it."""
    some = partial(st.lists, texts, unique_by=partial(normalize, "NFC"))
    names = draw(some(min_size=2, max_size=6))
    items = draw(some(min_size=len(names), max_size=3 * len(names)))
    cuts = draw(
        st.lists(
            st.integers(1, len(items) - 1),
            min_size=len(names) - 1,
            max_size=len(names) - 1,
            unique=True,
        ).map(sorted)
    )
    blocks = zip([0, *cuts], [*cuts, len(items)], strict=True)
    constructs = [
        Construct(name=name, items=items[start:stop], mode=draw(st.sampled_from("AB")))
        for name, (start, stop) in zip(names, blocks, strict=True)
    ]
    paths = [
        Path(source=source, target=names[k])
        for k in range(1, len(names))
        for source in draw(st.sets(st.sampled_from(names[:k]), min_size=1))
    ]
    return StructuralModel(
        constructs=draw(st.permutations(constructs)), paths=draw(st.permutations(paths))
    )


@given(models())
def test_text_round_trip_of_any_model(model):
    assert read(model.to_text()) == model


@given(models())
def test_json_round_trip_of_any_model(model):
    assert StructuralModel.from_json(model.to_json()) == model


@given(models())
def test_text_stays_one_line_a_statement_whatever_the_names(model):
    lines = model.to_text().split("\n")
    assert len(lines) == len(model.constructs) + 1 + len(model.endogenous)


TAME = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters=">'"), min_size=1
).filter(str.strip)
GAP = st.sampled_from(["", " ", "\t ", "\u3000"])
PLUS = st.sampled_from(["+", " + ", "\n+", "+\n", " # c\n\n + ! ; c =~ q\n "])
END = st.sampled_from(["\n", ";", " ;\n", " # b ~ c\n", "\r\n", "\n\n;;\n"])


@given(models(TAME), st.data())
def test_layout_and_kind_of_quotes_do_not_matter(model, data):
    def quoted(name):
        double = '"' + name.replace("\\", r"\\").replace('"', r"\"") + '"'
        return data.draw(st.sampled_from([f"'{name}'", double]))

    def statement(left, operator, terms):
        text = quoted(left) + data.draw(GAP) + operator + data.draw(GAP) + quoted(terms[0])
        text += "".join(data.draw(PLUS) + quoted(term) for term in terms[1:])
        return text + data.draw(END)

    operators = {"A": "=~", "B": "<~"}
    blocks = [statement(c.name, operators[c.mode], c.items) for c in model.constructs]
    equations = [statement(t, "~", [s]) for t in model.endogenous for s in model.drivers(t)]
    assert read("".join(blocks + equations)) == model


# Never evaluated


@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize(
    "template",
    ["{q}{code}{q} =~ x; b =~ y; b ~ {q}{code}{q}", "a =~ {q}{code}{q}; b =~ y; b ~ a"],
)
def test_text_is_never_evaluated(tmp_path, template, quote):
    target = tmp_path / "evaluated"
    code = f"__import__('pathlib').Path({target.as_posix()!r}).touch()"
    text = template.format(q=quote, code=code)
    if quote:
        model = read(text)
        assert code in (*model.names, *model.items)
    else:
        with pytest.raises(ModelError, match="cannot read"):
            read(text)
    assert not target.exists()


@pytest.mark.parametrize("code", ["{0!r}", "%s", "${HOME}", "f'{1+1}'", r"\x41", "{model}"])
def test_names_are_not_filled_in(code):
    model = StructuralModel(
        constructs=[Construct(name=code, items=["x"]), Construct(name="b", items=[code])],
        paths=[Path(source=code, target="b")],
    )
    assert read(model.to_text()).names == (code, "b")


@pytest.mark.parametrize("text", [None, b"a =~ x", 3])
def test_what_is_no_text_is_refused(text):
    with pytest.raises(OptionError, match="must be text"):
        StructuralModel.from_text(text)


def test_names_that_no_file_could_hold_are_refused():
    with pytest.raises(ModelError, match="not valid text"):
        StructuralModel.from_text('"\\ud800" =~ x; b =~ y; b ~ "\\ud800"')


def test_a_tab_may_stand_in_a_quoted_name():
    assert StructuralModel.from_text('"a\tb" =~ x; c =~ y; c ~ "a\tb"').names == ("a\tb", "c")
