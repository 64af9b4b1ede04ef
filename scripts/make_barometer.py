"""Make the simulated national barometer that the library ships, from a seed and a known truth.

    python scripts/make_barometer.py [FOLDER]

writes the survey, its second wave, its companies, codebook and truth into the folder, by default
the one that the library reads. The files are the same to the last bit every time.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from loyaltymodel.survey import Codebook, Item, Scale

SEED = 1
DONT_KNOW = 98

# Three companies each. The constraint is how strongly law, technology and switching costs hold a
# customer; it is low where there are many rivals. The level is that of the answers.
INDUSTRIES = pd.DataFrame(
    [
        ("electricity", "utilities", 0.75, 1, -0.35, 90),
        ("telephone", "utilities", 0.50, 3, -0.20, 70),
        ("broadband", "utilities", 0.40, 4, -0.30, 40),
        ("banking", "services", 0.35, 12, 0.00, 110),
        ("airlines", "services", 0.20, 9, 0.05, 60),
        ("restaurants", "services", 0.00, 200, 0.25, 30),
        ("cars", "goods", 0.05, 25, 0.35, 120),
        ("supermarkets", "goods", 0.10, 30, 0.20, 80),
    ],
    columns=["industry", "sector", "constraint", "rivals", "level", "revenue"],
).set_index("industry")
SECTOR_SHARES = {"utilities": 0.15, "services": 0.50, "goods": 0.35}

# The structure within a company: constructs of variance 1, causes before effects.
PATHS = {
    "quality": {"expectation": 0.55},
    "value": {"expectation": 0.15, "quality": 0.55},
    "satisfaction": {"expectation": 0.10, "quality": 0.50, "value": 0.30},
    "loyalty": {"satisfaction": 0.65},
}
LOADINGS = {
    "expectation": {"EXP1": 0.80, "EXP2": 0.75, "EXP3": 0.70},
    "quality": {"QUA1": 0.90, "QUA2": 0.80, "QUA3": 0.75},
    "value": {"VAL1": 0.85, "VAL2": 0.80},
    "satisfaction": {"SAT1": 0.90, "SAT2": 0.85, "SAT3": 0.80},
    "loyalty": {"LOY1": 0.85, "LOY2": 0.80},
}
WORDING = {
    "EXP1": "Before you knew the company: how good did you expect it to be overall?",
    "EXP2": "How well did you expect it to meet your personal needs?",
    "EXP3": "How rarely did you expect things to go wrong?",
    "QUA1": "How good is it overall, as you know it now?",
    "QUA2": "How well does it meet your personal needs?",
    "QUA3": "How rarely do things go wrong?",
    "VAL1": "Given the quality, how fair is the price?",
    "VAL2": "Given the price, how good is the quality?",
    "SAT1": "How satisfied are you overall?",
    "SAT2": "How far does it exceed your expectations or fall short of them?",
    "SAT3": "How close is it to the ideal company of its kind?",
    "LOY1": "If you were free to choose today, would you choose it again?",
    "LOY2": "Would you recommend it?",
}
ATTRIBUTES = {
    "PRODUCT": ("what is delivered", 0.8, 8.5),
    "STAFF": ("the staff", 0.7, 7.8),
    "SPEED": ("speed", 0.5, 7.2),
    "CLARITY": ("clear prices", 0.4, 6.8),
    "ACCESS": ("ease of reaching it", 0.3, 6.5),
}
# Answers are 7 + 1.8 times a standard score, rounded, and held within 1 and 10.
CENTRE, SPREAD = 7.0, 1.8
# Loyalty as captive share: L = c + (1 - c) g(s), g(s) = low + (high - low) s^power.
CURVE = {"low": 0.0, "high": 0.95, "power": 3.0}
COMPLAINT = {"intercept": -1.2, "satisfaction": -0.7}  # probit of having complained
SPENDING = {"base": 400.0, "loyalty": 0.8, "noise": 0.4}  # log of spending a year
ASKED_AGAIN = 0.4  # of those who stayed
STABILITY = 0.7  # correlation of satisfaction with itself a year later, within a company


def make(folder: Path) -> None:
    """Write all files of the barometer."""
    rng = np.random.default_rng(SEED)
    companies = make_companies(rng)
    people, latent = make_people(rng, companies)
    second = make_second_wave(rng, people, latent)
    write_table(people, folder / "barometer.csv.gz")
    write_table(second, folder / "barometer_second_wave.csv.gz")
    companies.to_csv(folder / "barometer_companies.csv", index=False, lineterminator="\n")
    text = make_codebook(people).to_json() + "\n"
    (folder / "barometer_codebook.json").write_text(text, encoding="utf-8")
    truth = json.dumps(make_truth(), indent=2) + "\n"
    (folder / "barometer_truth.json").write_text(truth, encoding="utf-8")


def make_companies(rng: np.random.Generator) -> pd.DataFrame:
    """Three companies an industry, of different size and standing."""
    rows = []
    for industry, facts in INDUSTRIES.iterrows():
        shares = np.array([0.5, 0.3, 0.2])
        standing = rng.normal(0, 0.25, 3).round(3)
        for letter, share, effect in zip("ABC", shares, standing, strict=True):
            rows.append(
                {
                    "company": f"{industry}-{letter}",
                    "industry": industry,
                    "sector": facts["sector"],
                    "rivals": facts["rivals"],
                    "revenue": round(facts["revenue"] * share, 1),
                    "sector_share": SECTOR_SHARES[facts["sector"]],
                    "standing": round(facts["level"] + effect, 3),
                    "n_obs": int(rng.integers(235, 266)),
                }
            )
    return pd.DataFrame(rows)


def make_people(
    rng: np.random.Generator, companies: pd.DataFrame
) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    """Answers and behaviour of every customer in the first wave."""
    of_customer = companies.loc[companies.index.repeat(companies["n_obs"])].reset_index(drop=True)
    n = len(of_customer)
    constraint = of_customer["industry"].map(INDUSTRIES["constraint"]).to_numpy()
    latent = make_latent(rng, of_customer["standing"].to_numpy())
    people = of_customer[["company", "industry", "sector"]].copy()
    people.insert(0, "customer", np.arange(1, n + 1))
    for construct, items in LOADINGS.items():
        for item, loading in items.items():
            noise = np.sqrt(1 - loading**2) * rng.standard_normal(n)
            people[item] = on_scale(loading * latent[construct] + noise)
    true_share = satisfaction_share(latent["satisfaction"])
    free = free_loyalty(true_share)
    loyalty = constraint + (1 - constraint) * free
    leaning = COMPLAINT["intercept"] + COMPLAINT["satisfaction"] * latent["satisfaction"]
    people["COMPLAINED"] = (leaning + rng.standard_normal(n) > 0).astype(int)
    people["STAYING"] = np.rint(1 + 9 * (loyalty + rng.normal(0, 0.1, n))).clip(1, 10).astype(int)
    add_attributes(rng, people, latent)
    add_types(rng, people, latent, loyalty, free)
    people["STAYED"] = (rng.random(n) < loyalty).astype(int)
    log_spend = np.log(SPENDING["base"]) + SPENDING["loyalty"] * loyalty
    people["SPEND"] = np.exp(log_spend + rng.normal(0, SPENDING["noise"], n)).round(2)
    forget(rng, people)
    return people, latent


def make_latent(rng: np.random.Generator, standing: np.ndarray) -> dict[str, np.ndarray]:
    """Draw constructs of variance 1 within a company, on the level of its standing."""
    within: dict[str, np.ndarray] = {"expectation": rng.standard_normal(len(standing))}
    between: dict[str, np.ndarray] = {"expectation": 0.5 * standing}
    covariance = {("expectation", "expectation"): 1.0}
    for target, sources in PATHS.items():
        explained = sum(
            b1 * b2 * covariance[s1, s2] for s1, b1 in sources.items() for s2, b2 in sources.items()
        )
        noise = np.sqrt(1 - explained) * rng.standard_normal(len(standing))
        within[target] = sum(b * within[s] for s, b in sources.items()) + noise
        own = 0.7 * standing if target == "quality" else 0.0
        between[target] = sum(b * between[s] for s, b in sources.items()) + own
        for other in list(within)[:-1]:
            shared = sum(b * covariance[s, other] for s, b in sources.items())
            covariance[target, other] = covariance[other, target] = shared
        covariance[target, target] = 1.0
    return {name: within[name] + between[name] for name in within}


def on_scale(score: np.ndarray) -> np.ndarray:
    """Answers from 1 to 10 of standard scores."""
    return np.rint(CENTRE + SPREAD * score).clip(1, 10).astype(int)


def satisfaction_share(score: np.ndarray) -> np.ndarray:
    """Return true satisfaction as a share of its scale, 0 to 1."""
    return ((CENTRE + SPREAD * score - 1) / 9).clip(0, 1)


def free_loyalty(share: np.ndarray) -> np.ndarray:
    """Return the loyalty of somebody whom nothing holds."""
    return CURVE["low"] + (CURVE["high"] - CURVE["low"]) * share ** CURVE["power"]


def add_attributes(
    rng: np.random.Generator, people: pd.DataFrame, latent: dict[str, np.ndarray]
) -> None:
    """Add importance, expectation and perception of five attributes."""
    n = len(people)
    for name, (_, weight, importance) in ATTRIBUTES.items():
        rest = np.sqrt(1 - weight**2)
        rated = np.rint(importance + rng.normal(0, 1.5, n)).clip(1, 10).astype(int)
        people[f"IMP_{name}"] = rated
        hoped = weight * latent["expectation"] + rest * rng.standard_normal(n) + 0.3
        people[f"EXP_{name}"] = on_scale(hoped)
        people[f"PER_{name}"] = on_scale(weight * latent["quality"] + rest * rng.standard_normal(n))


def add_types(
    rng: np.random.Generator,
    people: pd.DataFrame,
    latent: dict[str, np.ndarray],
    loyalty: np.ndarray,
    free: np.ndarray,
) -> None:
    """Add what the types of loyalty need: attitude, involvement, purchases, brands."""
    n = len(people)
    involvement = rng.standard_normal(n)
    attitude = 0.6 * latent["loyalty"] + 0.8 * rng.standard_normal(n)
    people["ATTITUDE"] = on_scale(attitude)
    people["DIFFERENT"] = on_scale(0.5 * attitude + 0.8 * rng.standard_normal(n) - 0.4)
    people["INVOLVED"] = on_scale(involvement)
    people["JOY"] = on_scale(0.6 * latent["satisfaction"] + 0.8 * rng.standard_normal(n))
    people["ANGER"] = on_scale(-0.6 * latent["satisfaction"] + 0.8 * rng.standard_normal(n) - 1.8)
    purchases = 1 + rng.poisson(11, n)
    share = rng.beta(1 + 6 * loyalty, 1 + 6 * (1 - loyalty))
    people["PURCHASES"] = purchases
    people["OWN"] = rng.binomial(purchases, share)
    people["BRANDS"] = 1 + rng.binomial(5, 0.7 * (1 - free))


def forget(rng: np.random.Generator, people: pd.DataFrame) -> None:
    """Turn a few answers into "don't know": 3 in 1,000, of expectations 10."""
    for item in WORDING:
        unknown = rng.random(len(people)) < (0.01 if item.startswith("EXP") else 0.003)
        people.loc[unknown, item] = DONT_KNOW


def make_second_wave(
    rng: np.random.Generator, people: pd.DataFrame, latent: dict[str, np.ndarray]
) -> pd.DataFrame:
    """Ask four in ten of those who stayed again, a year later."""
    asked = (people["STAYED"] == 1) & (rng.random(len(people)) < ASKED_AGAIN)
    n = int(asked.sum())
    fresh = np.sqrt(1 - STABILITY**2) * rng.standard_normal(n)
    again = STABILITY * latent["satisfaction"][asked] + fresh
    second = people.loc[asked, ["customer", "company", "industry", "sector"]].reset_index(drop=True)
    rest = np.sqrt(1 - PATHS["loyalty"]["satisfaction"] ** 2)
    loyalty = PATHS["loyalty"]["satisfaction"] * again + rest * rng.standard_normal(n)
    for construct, score in (("satisfaction", again), ("loyalty", loyalty)):
        for item, loading in LOADINGS[construct].items():
            noise = np.sqrt(1 - loading**2) * rng.standard_normal(n)
            second[item] = on_scale(loading * score + noise)
    return second


def make_codebook(people: pd.DataFrame) -> Codebook:
    """Every column of answers with its wording and scale."""
    constructs = {item: name for name, items in LOADINGS.items() for item in items}
    items = [
        Item(name=name, scale="rating", text=text, construct=constructs[name])
        for name, text in WORDING.items()
    ]
    items += [
        Item(name="COMPLAINED", scale="yes", text="Did you complain within the last year?"),
        Item(name="STAYING", scale="ten", text="Will you still be its customer in a year?"),
    ]
    for name, (text, _, _) in ATTRIBUTES.items():
        items += [
            Item(name=f"IMP_{name}", scale="ten", text=f"How important is this to you: {text}?"),
            Item(name=f"EXP_{name}", scale="ten", text=f"How good should this be: {text}?"),
            Item(name=f"PER_{name}", scale="ten", text=f"How good is this here: {text}?"),
        ]
    items += [
        Item(name="ATTITUDE", scale="ten", text="How strongly do you favour it?"),
        Item(name="DIFFERENT", scale="ten", text="How much does it differ from its rivals?"),
        Item(name="INVOLVED", scale="ten", text="How much do you care whom you buy this from?"),
        Item(name="JOY", scale="ten", text="How often are you glad about it?"),
        Item(name="ANGER", scale="often", text="How often are you annoyed about it?"),
        Item(name="PURCHASES", scale="count", text="Purchases of this kind in a year, anywhere"),
        Item(name="OWN", scale="count", text="Those of them that were made at this company"),
        Item(name="BRANDS", scale="count", text="Companies of this kind used within a year"),
        Item(name="STAYED", scale="yes", text="Was still a customer after a year"),
        Item(name="SPEND", scale="money", text="Spent at the company in the year, in money"),
    ]
    ends = {1: "worst", 10: "best"}
    book = Codebook(
        title="National barometer of satisfaction (simulated)",
        source="Simulated by scripts/make_barometer.py of loyaltymodel; no real person or company",
        scales={
            "rating": Scale(lowest=1, highest=10, labels=ends, dont_know=(DONT_KNOW,)),
            "ten": Scale(lowest=1, highest=10, labels=ends),
            "often": Scale(lowest=1, highest=10),
            "yes": Scale(lowest=0, highest=1, labels={0: "no", 1: "yes"}),
            "count": Scale(lowest=0, highest=60),
            "money": Scale(lowest=0, highest=100_000, step=None),
        },
        items=items,
    )
    unknown = set(people.columns) - set(book.names) - {"customer", "company", "industry", "sector"}
    if unknown:
        raise ValueError(f"columns without an item: {sorted(unknown)}")
    return book


def make_truth() -> dict[str, Any]:
    """Return the numbers that estimates can be held against."""
    return {
        "seed": SEED,
        "paths": [
            {"source": source, "target": target, "coefficient": value}
            for target, sources in PATHS.items()
            for source, value in sources.items()
        ],
        "loadings": {item: v for items in LOADINGS.values() for item, v in items.items()},
        "scale": {"centre": CENTRE, "spread": SPREAD, "lowest": 1, "highest": 10},
        "curve": CURVE,
        "constraint": INDUSTRIES["constraint"].to_dict(),
        "complaint": COMPLAINT,
        "spending": SPENDING,
        "stability": STABILITY,
    }


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a compressed table without a time stamp, so that it is the same every time."""
    text = table.to_csv(index=False, lineterminator="\n")
    path.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))


if __name__ == "__main__":
    here = Path(__file__).resolve().parents[1] / "src" / "loyaltymodel" / "datasets"
    make(Path(sys.argv[1]) if sys.argv[1:] else here)
