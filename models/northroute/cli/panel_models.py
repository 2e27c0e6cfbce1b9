"""Panel models: fit with stacked errors, check, event study; the study of size and power."""

import re
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from northroute.cli import places, tables
from northroute.cli.console import SeedOption, data_folder, errors, out, progress, show, stamp
from northroute.conventions import DEFAULT_SEED, SIMULATED_MARK
from northroute.sheets import write_csv

if TYPE_CHECKING:
    import pandas as pd

    from northroute.frequentist import Estimate

_MODELS = ("poisson", "conditional", "negbin", "random", "gee", "zip", "zinb", "hurdle-poisson", "hurdle-negbin")
_KINDS = (
    "cluster:A[,B], crv3:A, webb:A, randomisation:A[:MONTHS], conley:KM[:MONTHS[:KERNEL]], dk:MONTHS, hetero, model; "
    "give several to stack them."
)

FormulaArgument = Annotated[str, typer.Argument(help="Such as 'events ~ x + x:z | unit + month'.")]
FromOption = Annotated[
    str,
    typer.Option("--from", help="simulated (regions), articles (real; needs --data or $NORTHROUTE_DATA), or a file."),
]
DataFolder = Annotated[Path | None, typer.Option("--data", help="Folder of real data, for --from articles.")]
ExposureOption = Annotated[str | None, typer.Option("--exposure", help="Its log enters with coefficient one.")]
ByOption = Annotated[str, typer.Option("--by", help="Column of clusters.")]
UnitOption = Annotated[str, typer.Option("--unit", help="Column of units.")]
TimeOption = Annotated[str, typer.Option("--time", help="Column of months, or of other periods.")]
LonOption = Annotated[str, typer.Option("--lon", help="Column of degrees east.")]
LatOption = Annotated[str, typer.Option("--lat", help="Column of degrees north.")]


def fit(
    formula: FormulaArgument,
    source: FromOption = "simulated",
    data: DataFolder = None,
    model: Annotated[str, typer.Option("--model", help=", ".join(_MODELS))] = "poisson",
    exposure: ExposureOption = None,
    group: Annotated[str, typer.Option("--group", help="Groups of conditional, random and gee.")] = "unit",
    second: Annotated[str | None, typer.Option("--second", help="Right-hand side of the zero or hurdle part.")] = None,
    kinds: Annotated[list[str] | None, typer.Option("--errors", help=_KINDS)] = None,
    convention: Annotated[
        str, typer.Option("--convention", help="Small-sample factor: fixest, stata, ppmlhdfe, statsmodels, none.")
    ] = "fixest",
    unit: UnitOption = "unit",
    time: TimeOption = "month",
    lon: LonOption = "lon",
    lat: LatOption = "lat",
    folder: Annotated[Path | None, places.folder_option("Write the table as CSV, LaTeX and HTML here.")] = None,
    seed: SeedOption = DEFAULT_SEED,
) -> None:
    """Fit a count model and print its coefficients with every kind of errors asked for under each."""
    from northroute.frequentist.covariance import Columns, stacked
    from northroute.frequentist.table import regression_table

    codes = tables.codes_in(formula, unit, time, group, "country", kinds=kinds or ())
    found = _estimate(_frame(source, data, seed, codes), formula, model, exposure, group, second)
    columns = Columns(unit, time, lon, lat)
    inference = stacked(
        found,
        kinds or ["cluster:country"],
        convention=convention,  # type: ignore[arg-type]
        seed=seed,
        columns=columns,
    )
    table = regression_table((found, inference))
    for line in table.lines():
        out.print(escape(line))
    if folder:
        name = "panel_fit"
        paths = (
            table.to_csv(folder / f"{name}.csv"),
            table.to_latex(folder / f"{name}.tex"),
            table.to_html(folder / f"{name}.html"),
            stamp(folder / f"{name}.json", found.design.data_hash, found.simulated, seed),
        )
        out.print(escape(f"written: {', '.join(str(p) for p in paths)}"))


def check(
    formula: FormulaArgument,
    term: Annotated[str, typer.Option("--term", help="The covariate of interest.")],
    source: FromOption = "simulated",
    data: DataFolder = None,
    exposure: ExposureOption = None,
    by: ByOption = "country",
    unit: UnitOption = "unit",
    time: TimeOption = "month",
    lon: LonOption = "lon",
    lat: LatOption = "lat",
    placebo: Annotated[list[str] | None, typer.Option("--placebo", help="Outcome to be left alone.")] = None,
    folder: Annotated[Path | None, places.folder_option("Write each check's table and figure here.")] = None,
    seed: SeedOption = DEFAULT_SEED,
) -> None:
    """Run every check that applies to a Poisson fit, and print its sentence."""
    from northroute.frequentist import checks, poisson
    from northroute.look import save

    frame = _frame(source, data, seed, tables.codes_in(formula, unit, time, by))
    found = poisson(frame, formula, exposure=exposure)
    results, skipped = checks.run(
        frame, found, term, by=by, unit=unit, time=time, lon=lon, lat=lat, placebos=tuple(placebo or ())
    )
    if found.simulated:
        out.print(f"[bold]{SIMULATED_MARK}[/bold]")
    colours = {"passed": "green", "failed": "red", "look": "yellow"}
    for result in results:
        out.print(f"[{colours[result.verdict]}]{result.verdict}[/] {escape(f'{result.name}: {result.sentence}')}")
        if folder:
            stem = re.sub(r"[^\w.-]+", "_", result.name.replace("'", ""))
            save(result.figure(), folder / f"{stem}.svg")
            write_csv(result.table, folder / f"{stem}.csv")
    for name, why in skipped.items():
        out.print(f"[dim]not run[/dim] {name}: {escape(why)}")


def event(
    outcome: Annotated[str, typer.Argument(help="Outcome column.")],
    shock: Annotated[str, typer.Option("--shock", help="A name of data/reference/shocks.csv.")],
    source: FromOption = "simulated",
    data: DataFolder = None,
    exposure: ExposureOption = None,
    kind: Annotated[str, typer.Option("--errors", help="As in panel fit; errors with a covariance.")] = "cluster:unit",
    country: Annotated[
        str, typer.Option("--country", help="Column of countries, ISO alpha-3 codes as in the shocks.")
    ] = ("country"),
    unit: UnitOption = "unit",
    time: TimeOption = "month",
    lon: LonOption = "lon",
    lat: LatOption = "lat",
    before: Annotated[int, typer.Option(min=2)] = 6,
    after: Annotated[int, typer.Option(min=0)] = 12,
    folder: Annotated[Path | None, places.folder_option("Write the table as CSV here.")] = None,
    seed: SeedOption = DEFAULT_SEED,
) -> None:
    """Follow an outcome around a dated shock in the countries that it hit, against the others."""
    from northroute.errors import ModelError
    from northroute.frequentist.covariance import Columns, stacked
    from northroute.frequentist.event_study import event_study
    from northroute.sources import shocks

    known = shocks.load().frame
    rows = known[known["shock"] == shock]
    if rows.empty:
        raise ModelError(f"No shock '{shock}'; there are {', '.join(known['shock'].unique())}.")
    frame = _frame(source, data, seed, {unit, time, country})
    if country not in frame.columns:
        raise ModelError(f"The table has no column '{country}'; it has {list(frame.columns)}. Name it with --country.")
    hit = tuple(rows["iso3"])
    here = tuple(c for c in hit if c in set(frame[country]))
    study = event_study(
        *(frame, outcome, rows["month"].iloc[0], here or hit),
        before=before,
        after=after,
        exposure=exposure,
        effects=(unit, time),
        country=country,
        time=time,
    )
    if len(here) < len(hit):
        out.print(escape(f"Hit as well, but not in the table: {', '.join(c for c in hit if c not in here)}."))
    default = f"cluster:{unit}" if kind == "cluster:unit" else kind
    errors_of = stacked(study.estimate, [default], columns=Columns(unit, time, lon, lat))[0]
    path = study.path(errors_of)
    shown = ["source", "months_from_shock", "coef", "se", "p", "rate_ratio"]
    show(shown, path[shown].itertuples(index=False))
    out.print(
        escape(f"Errors: {errors_of.kind}. They do not cover what all regions of a hit country share; see event_study.")
    )
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        table = folder / "panel_event.csv"
        write_csv(path, table)
        stamped = stamp(folder / "panel_event.json", study.estimate.design.data_hash, study.estimate.simulated, seed)
        out.print(escape(f"written: {table}, {stamped}"))


def size(
    replicates: Annotated[int, typer.Option("--size", min=1, help="Panels without an effect, each scenario.")] = 2000,
    power: Annotated[int, typer.Option("--power", min=0, help="Panels with each effect, each scenario.")] = 500,
    folder: Annotated[Path, places.folder_option("Where table and figure go.")] = Path("reports/build/inference"),
    cache: Annotated[Path, places.folder_option("Where finished chunks are kept.", "--cache")] = Path(
        "data/interim/study"
    ),
    page: Annotated[
        Path | None, typer.Option("--page", help="Page in Markdown whose table between the study's marks is renewed.")
    ] = None,
    seed: SeedOption = DEFAULT_SEED,
) -> None:
    """Count on SIMULATED panels of five countries how often each kind of errors rejects a true and a false null."""
    from northroute.frequentist.study import draw, insert, markdown, run
    from northroute.look import save

    with errors("Finished chunks are kept; the same command goes on from there."), progress() as tell:
        study = run(replicates, power, folder=cache, seed=seed, progress=tell)
        folder.mkdir(parents=True, exist_ok=True)
        table = folder / "inference.csv"
        write_csv(study.table.round(6), table)
        figures = [save(draw(study), folder / f"inference.{kind}") for kind in ("svg", "png")]
        stamp(folder / "inference.json", "", True, seed)
        if page:
            insert(markdown(study.table), page)
    nil = study.table[study.table["effect"] == 0].pivot(index="method", columns="scenario", values="rejected")
    shown = nil.reindex(study.table["method"].unique()).reset_index()
    show(shown.columns, shown.itertuples(index=False))
    out.print(
        f"{SIMULATED_MARK}. Shares rejected at 5 % without an effect. {escape(', '.join(map(str, (table, *figures))))}"
    )


def _frame(source: str, data: Path | None, seed: int, codes: Collection[str]) -> "pd.DataFrame":
    from northroute.errors import MissingDataError
    from northroute.frequentist.design import table_of
    from northroute.frequentist.places import with_places

    if source == "simulated":
        from northroute.sources.simulated import simulate_regions
        from northroute.workflow import simulated

        return with_places(simulated.panel(simulate_regions(seed)))
    if source == "articles":
        from northroute.claims import load
        from northroute.workflow import articles

        folder = data_folder(data)
        if folder is None:
            raise MissingDataError("No folder of real data: northroute fetch mlp brings one, or name it with --data.")
        return table_of(articles.panel(folder, load())[0])
    path = Path(source)
    if not path.exists():
        raise MissingDataError(f"'{source}' is neither simulated, articles nor a file.")
    return tables.read(path, codes)


def _estimate(
    frame: "pd.DataFrame", formula: str, model: str, exposure: str | None, group: str, second: str | None
) -> "Estimate":
    from northroute import frequentist as f
    from northroute.errors import ModelError

    makers: dict[str, tuple[Any, dict[str, str | None]]] = {
        "poisson": (f.poisson, {}),
        "conditional": (f.conditional_poisson, {"group": group}),
        "negbin": (f.negative_binomial, {}),
        "random": (f.random_effects, {"group": group}),
        "gee": (f.gee, {"group": group}),
        "zip": (f.zero_inflated, {"zero": second}),
        "zinb": (f.zero_inflated, {"zero": second, "distribution": "negative binomial"}),
        "hurdle-poisson": (f.hurdle, {"zero": second}),
        "hurdle-negbin": (f.hurdle, {"zero": second, "distribution": "negative binomial"}),
    }
    if model not in makers:
        raise ModelError(f"No model '{model}'; choose among {', '.join(_MODELS)}.")
    make, own = makers[model]
    found: Estimate = make(frame, formula, exposure=exposure, **own)
    return found
