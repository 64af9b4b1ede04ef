"""Where the figures contradict each other, or themselves, and what follows. Nothing is averaged."""

from __future__ import annotations

from loyaltymodel.evidence.record import Dispute

DISPUTES: tuple[Dispute, ...] = (
    Dispute(
        topic="people told by a dissatisfied customer",
        versions=(
            "at least 9 (teaching text 000)",
            "12 on average (teaching text 003)",
            "8 to 12, and 20 percent tell 20 (teaching text 003)",
        ),
        figures=("B21", "B22a", "B22b", "B23", "B24a", "B24b"),
        verdict=(
            "Hardly a contradiction. If 80 percent tell 10 people and 20 percent tell 20, the mean "
            "is 0.8 x 10 + 0.2 x 20 = 12; with 8 or 12 in place of 10 it is 10.4 or 13.6. At least "
            "9 is a lower bound, which only the 8 falls short of. Prefer the mixture, and give 9 "
            "and 12 by name."
        ),
    ),
    Dispute(
        topic="cost of winning a customer against keeping one",
        versions=("5 times the cost (teaching text 000)", "6 times the effort (teaching text 003)"),
        figures=("B29", "B30"),
        verdict=(
            "The ratio is a parameter, and the two are labelled values of it. TARP itself reports "
            "ratios from 2:1 to 20:1, so neither is a default without its label."
        ),
    ),
    Dispute(
        topic="new customers who make up for a lost one",
        versions=(
            "10, no industry named (teaching text 000)",
            "at least 3, car service in the United States (teaching text 002)",
        ),
        figures=("B31", "B32"),
        verdict=(
            "The number depends on the industry: it is the value of an old customer over the value "
            "of a new one, and should be derived from them. The two are labelled values."
        ),
    ),
    Dispute(
        topic="base of the 90 percent who do not come back",
        versions=(
            "of all dissatisfied customers (teaching text 000)",
            "of the 96 percent who are silent (teaching text 003)",
        ),
        figures=("B04", "B05", "B18", "B19", "B20a", "B20b", "B26", "B27"),
        verdict=(
            "Keep them apart. Of 100 dissatisfied customers 90 leave in the first. In the second "
            "86.4 of the 96 silent ones leave and the 4 who complain come back as B26 or B27 says, "
            "so that 12.4 stay (all complaints handled well) to 13.4 (all solved on the spot). "
            "That lies between the retention at scores 1 and 2, as a mix of both would."
        ),
    ),
    Dispute(
        topic="retention by satisfaction",
        versions=(
            "92-97, 80-85, 60-65, 15-20, 0-5 percent, from the top score down, a year (REL-09)",
            "98-99, 90, 80, 60, 20 percent, from the top down, no period (REL-10, less the lost)",
        ),
        figures=("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B09", "B10"),
        verdict=(
            "Two tables with their names, never pooled. Retention rises with satisfaction in both, "
            "and that is all that they share."
        ),
    ),
    Dispute(
        topic="satisfied customers who switch",
        versions=(
            "65-85 percent (REL-11)",
            "15-20 percent of the satisfied, 3-8 percent of the very satisfied (REL-09)",
            "10 percent of the fairly satisfied, 1-2 percent of the highly satisfied (REL-10)",
        ),
        figures=("B01", "B02", "B09", "B10", "B11"),
        verdict=(
            "The condition of the first is almost certainly turned round: a share of satisfied "
            "among those who left, printed as a share of leavers among the satisfied. Bayes' rule "
            "turns it back where the shares of leavers and of satisfied customers are known; use "
            "it as printed only with that said."
        ),
    ),
    Dispute(
        topic="factor between the scores 5 and 4",
        versions=(
            "6, or 7 taken literally (Xerox, REL-15)",
            "0.945 / 0.825 = 1.145, the middles of the retention ranges (REL-09)",
        ),
        figures=("B01", "B02", "B09", "B10", "B15"),
        verdict=(
            "It depends on what is divided. As odds, 6 times those of 0.825 give 0.966, inside "
            "the range for score 5. As probabilities, 6 needs at most 1/6 at score 4. The tables "
            "themselves have an odds ratio of 3.64 (REL-09) and 7.3 (REL-10), and between their "
            "shares of leavers a ratio of 3.2 and 6.7."
        ),
    ),
    Dispute(
        topic="shape of the curve of loyalty over satisfaction",
        versions=(
            "convex at the top (REL-05 and REL-13 in words, REL-15 as a number)",
            "steepest between the scores 2 and 3 (REL-09)",
        ),
        figures=("B01", "B02", "B03", "B04", "B05", "B15"),
        verdict="The shape is to be chosen and tested, not assumed; keep both as candidates.",
    ),
    Dispute(
        topic="reasons for leaving that add up to 99 percent",
        versions=(
            "3, 5, 9, 14 and 68 percent, 99 in all (teaching text 003)",
            "1 percent more who died (LeBoeuf 1987)",
        ),
        figures=("B35a", "B35b", "B35c", "B35d", "B35e"),
        verdict=(
            "Where a whole is needed, add the missing 1 percent as 'other or death', marked as not "
            "from the teaching text; do not stretch the five shares."
        ),
    ),
)
