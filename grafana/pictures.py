#!/usr/bin/env python3
"""Pictures: what do the panels' own queries answer, drawn without Grafana?

Reads the answers that tests/e2e/grafana.py wrote with --results and draws one picture for each dashboard. A panel without
samples shows the text that Grafana would. Layout, colours and dashes follow the dashboards; the drawing is matplotlib's, so
these are no screenshots.

Usage: pictures.py RESULTS [--out DIR]      needs: pip install matplotlib
"""
import argparse, datetime, glob, json, math, os, re, textwrap
import matplotlib
matplotlib.use("Agg")
import matplotlib.dates as dates
import matplotlib.pyplot as plt

HERE = os.path.dirname(os.path.abspath(__file__))
# Units of the grid above the first row, for the name of the board.
TOP = 1.6
ARGS = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ARGS.add_argument("results")
ARGS.add_argument("--out", default=os.path.join(HERE, "pictures"))
COLOURS = ["#0072B2", "#E69F00", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#F0E442", "#444444"]
STYLES = ["-", "--", ":", "-."]


def shown(value, unit):
    if unit in ("s", "h") or unit == "percentunit" or unit == "bytes":
        if unit == "percentunit":
            return "%.1f %%" % (100 * value)
        if unit == "bytes":
            for size, word in [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")]:
                if abs(value) >= size:
                    return "%.1f %s" % (value / size, word)
            return "%d B" % value
        seconds = value * 3600 if unit == "h" else value
        if seconds == 0:
            return "0"
        for size, word in [(86400, "d"), (3600, "h"), (60, "min"), (1, "s")]:
            if abs(seconds) >= size:
                return "%.1f %s" % (seconds / size, word)
        return "%.0f ms" % (seconds * 1000)
    if unit.startswith("bool"):
        return "yes" if value else "no"
    return "%d" % value if value == int(value) else "%.2f" % value


def named(entry, labels):
    text = re.sub(r"\{\{(\w+)\}\}", lambda match: labels.get(match.group(1), ""), entry["legend"]).strip()
    return text or entry["title"]


def colour(entry, value, place):
    """That of the highest step that the value has reached."""
    steps = entry["thresholds"]
    if len(steps) == 1:
        return COLOURS[place % len(COLOURS)]
    return [step["color"] for step in steps if step["value"] is None or value >= float(step["value"])][-1]


class Cell:
    """The place of one panel, with its title; what is drawn in it keeps off the title and the frame."""

    def __init__(self, figure, grid, height, head):
        self.figure, self.head = figure, head
        self.left, self.width = grid["x"] / 24, grid["w"] / 24
        self.bottom, self.height = 1 - (grid["y"] + grid["h"] + TOP) / height, grid["h"] / height
        frame = figure.add_axes((self.left + 0.003, self.bottom + 0.06 / height, self.width - 0.006, self.height - 0.12 / height))
        frame.set_xticks([])
        frame.set_yticks([])
        for spine in frame.spines.values():
            spine.set_color("#cccccc")
        frame.text(0.012, 0.975, head["title"], transform=frame.transAxes, fontsize=9, va="top", ha="left", weight="bold")
        frame.text(0.988, 0.975, head["panel"], transform=frame.transAxes, fontsize=7, va="top", ha="right", color="#888888")

    def axes(self, left=None, below=0.12):
        """Axes in the cell; both are shares of its size. Without `left` there is room for the figures of an axis."""
        left = 0.043 / self.width if left is None else left
        return self.figure.add_axes((self.left + self.width * left, self.bottom + self.height * below, self.width * (0.96 - left), self.height * (0.86 - below)))

    def says(self, text, size=10, color="#666666"):
        axes = self.axes()
        axes.axis("off")
        axes.text(0.45, 0.5, text, ha="center", va="center", fontsize=size, color=color)


def draw(cell, entries):
    head = cell.head
    if "sql" in head:
        return rows(cell, head)
    is_number = lambda value: math.isfinite(float(value))
    series = [(entry, labels, [one for one in values if is_number(one[1])]) for entry in entries for labels, values in entry.get("series", [])]
    if not series:
        return cell.says("\n".join(textwrap.wrap(head["none"], 40)))
    kind = head["type"]
    if kind == "heatmap":
        heat(cell, series, head)
    elif kind == "state-timeline":
        states(cell, series)
    elif kind == "timeseries":
        lines(cell, series, head)
    elif kind == "table":
        table(cell, series, head)
    elif len(series) == 1 and kind in ("stat", "gauge"):
        entry, labels, values = series[0]
        value = float(values[-1][1])
        cell.says(shown(value, head["unit"]), 26, colour(entry, value, 0))
    else:
        bars(cell, series, head)


def number(text):
    try:
        return float(text)
    except ValueError:
        return None


def clock_axis(axes, first, last):
    """Times below, with as much of them as tells them apart."""
    span = (last - first).total_seconds()
    axes.xaxis.set_major_formatter(dates.DateFormatter("%H:%M:%S" if span < 1200 else "%H:%M" if span < 86400 else "%d %b %H:%M"))
    axes.xaxis.set_major_locator(plt.MaxNLocator(4))
    axes.tick_params(labelsize=7)
    axes.grid(alpha=0.3)


def legend(axes, columns):
    """Below the axes, where it hides nothing."""
    axes.legend(fontsize=6.5, loc="upper center", bbox_to_anchor=(0.5, -0.13), ncol=columns, frameon=False)


def columns_of(cell, count):
    """In how many columns a legend of so many lines stands in this panel."""
    return 3 if count > 2 and cell.width > 0.3 else 2


def room(cell, count):
    """What its lines need, as a share of the panel."""
    return 0.14 + 0.065 * -(-min(count, 15) // columns_of(cell, count))


def rows(cell, entry):
    """A panel of SQL: bars by name, lines over time, or the first rows of a table."""
    columns, found = entry.get("columns", []), entry.get("rows", [])
    if not found:
        cell.says("\n".join(textwrap.wrap(entry["none"], 40)))
    elif entry["type"] == "barchart":
        shown_rows = found[:14]
        values = [number(row[1]) or 0 for row in shown_rows]
        axes = cell.axes(left=0.3)
        axes.barh(range(len(values)), values, color=COLOURS[0], height=0.6)
        axes.set_yticks(range(len(values)), [row[0] for row in shown_rows], fontsize=7)
        for place, value in enumerate(values):
            axes.text(value, place, " " + ("%g %%" % value if entry["unit"] == "percent" else shown(value, entry["unit"])), va="center", fontsize=7)
        axes.margins(x=0.2)
        axes.set_xticks([])
        axes.invert_yaxis()
        axes.spines[["top", "right", "bottom"]].set_visible(False)
    elif entry["type"] == "timeseries":
        by_name = {}
        for row in found:
            at = datetime.datetime.fromisoformat(row[0].replace("Z", "+00:00"))
            words = [cell for cell in row[1:] if number(cell) is None]
            for name, cell_text in zip(columns[1:], row[1:]):
                if number(cell_text) is not None:
                    by_name.setdefault(" ".join(words) or name, []).append((at, number(cell_text)))
        axes = cell.axes(below=room(cell, len(by_name)))
        for place, (name, points) in enumerate(by_name.items()):
            axes.plot([at for at, _ in points], [value for _, value in points], marker="o", label=name, color=COLOURS[place % 8], linestyle=STYLES[place % 4], linewidth=1.2)
        times = [at for points in by_name.values() for at, _ in points]
        clock_axis(axes, min(times), max(times) + datetime.timedelta(days=2))
        axes.set_ylim(bottom=0)
        legend(axes, columns_of(cell, len(by_name)))
    elif entry["type"] == "stat":
        at = datetime.datetime.fromtimestamp(float(found[0][0]) / 1000, datetime.timezone.utc)
        cell.says(at.strftime("%Y-%m-%d %H:%M:%S"), 18, COLOURS[0])
    else:
        wide = max(10, int(150 * cell.width / len(columns)))
        grid(cell, [[text[:wide] for text in row] for row in found[:9]], columns)


def grid(cell, texts, heads=None, widths=None):
    axes = cell.axes(left=0.03, below=0.04)
    axes.axis("off")
    made = axes.table(cellText=texts, colLabels=heads, loc="upper center", cellLoc="left", colWidths=widths)
    made.auto_set_font_size(False)
    made.set_fontsize(7)
    for (row, _), box in made.get_celld().items():
        box.set_edgecolor("#dddddd")
        box.set_text_props(weight="bold" if heads and row == 0 else "normal")


def time_ticks(most, unit):
    """Where seconds are read best: at whole minutes, hours or days."""
    most *= 3600 if unit == "h" else 1
    steps = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 14400, 43200, 86400, 7 * 86400]
    step = next((step for step in steps if most / step <= 6), 30 * 86400)
    return plt.MultipleLocator(step / (3600 if unit == "h" else 1))


def lines(cell, series, head):
    series = series[:24]
    axes = cell.axes(below=room(cell, len(series)))
    if "by age" in head["title"]:
        return layers(axes, series, columns_of(cell, len(series)))
    for place, (entry, labels, values) in enumerate(series):
        times = [datetime.datetime.fromtimestamp(at, datetime.timezone.utc) for at, _ in values]
        axes.plot(times, [float(value) for _, value in values], color=COLOURS[place % 8], linestyle=STYLES[place // 2 % 4], linewidth=1.4, label=named(entry, labels))
    limits = [entry for entry in head["thresholds"] if entry["value"] is not None]
    top = max(float(value) for _, _, values in series for _, value in values)
    for step in limits:
        if float(step["value"]) <= 1.5 * top:
            axes.axhline(float(step["value"]), color=step["color"], linewidth=0.8, alpha=0.7)
    axes.set_ylim(bottom=min(0, axes.get_ylim()[0]) if top > 0 else 0, top=None if top > 0 else 1)
    if head["unit"] in ("s", "h"):
        axes.yaxis.set_major_locator(time_ticks(axes.get_ylim()[1], head["unit"]))
    axes.yaxis.set_major_formatter(plt.FuncFormatter(lambda value, _: shown(value, head["unit"])))
    every = [datetime.datetime.fromtimestamp(at, datetime.timezone.utc) for _, _, values in series for at, _ in values]
    clock_axis(axes, min(every), max(every))
    legend(axes, columns_of(cell, len(series)))


def states(cell, series):
    """One band for each feed: blue where it is heard, hatched where it is lost."""
    axes = cell.axes(left=0.14)
    for place, (entry, labels, values) in enumerate(series):
        times = [datetime.datetime.fromtimestamp(at, datetime.timezone.utc) for at, _ in values]
        for begin, end, (_, value) in zip(times, times[1:] + times[-1:], values):
            is_well = float(value) > 0
            axes.barh(place, end - begin, left=begin, height=0.6, color=COLOURS[0] if is_well else COLOURS[2], hatch=None if is_well else "//")
        axes.text(times[0], place, " heard" if float(values[-1][1]) else " lost", va="center", fontsize=7, color="white", weight="bold")
    axes.set_yticks(range(len(series)), [named(entry, labels) for entry, labels, _ in series])
    every = [datetime.datetime.fromtimestamp(at, datetime.timezone.utc) for _, _, values in series for at, _ in values]
    clock_axis(axes, min(every), max(every))
    axes.invert_yaxis()


def heat(cell, series, head):
    """How many in each bucket, the largest at the top: buckets of Prometheus hold all smaller ones as well."""
    axes = cell.axes(left=0.12)
    series = sorted(series, key=lambda one: float(one[1]["le"]))
    times = sorted({at for _, _, values in series for at, _ in values})
    counts = [dict((at, float(value)) for at, value in values) for _, _, values in series]
    cells = [[row.get(at, 0) - (counts[place - 1].get(at, 0) if place else 0) for at in times] for place, row in enumerate(counts)]
    moments = [datetime.datetime.fromtimestamp(at, datetime.timezone.utc) for at in times]
    axes.pcolormesh(moments, range(len(cells)), cells, cmap="Blues", shading="nearest")
    bounds = [one[1]["le"] for one in series]
    clock_axis(axes, moments[0], moments[-1])
    axes.set_yticks(range(len(bounds)), ["more" if "Inf" in bound else shown(float(bound), head["unit"]) for bound in bounds], fontsize=6)


def layers(axes, series, columns):
    """Stacked, the youngest at the bottom."""
    order = ["lt_1h", "1h_4h", "4h_12h", "12h_24h", "1d_3d", "3d_7d", "gt_7d"]
    series = sorted(series, key=lambda one: order.index(one[1]["age_band"]))
    times = [datetime.datetime.fromtimestamp(at, datetime.timezone.utc) for at, _ in series[0][2]]
    heights = [[float(value) for _, value in values] for _, _, values in series]
    axes.stackplot(times, heights, labels=[labels["age_band"] for _, labels, _ in series], colors=COLOURS)
    clock_axis(axes, times[0], times[-1])
    legend(axes, columns)


def bars(cell, series, head):
    rows = [(named(entry, labels), float(values[-1][1]), entry) for entry, labels, values in series][:12]
    most = max(abs(row[1]) for row in rows) or 1
    axes = cell.axes(left=min(0.5, 0.05 + 0.55 / 24 / cell.width * 0.28 * max(len(row[0]) for row in rows)), below=0.05)
    axes.barh(range(len(rows)), [row[1] / most for row in rows], color=[colour(entry, value, 0) for _, value, entry in rows], height=0.5)
    axes.set_yticks(range(len(rows)), [row[0] for row in rows], fontsize=8)
    for place, (_, value, _) in enumerate(rows):
        axes.text(max(value / most, 0) + 0.02, place, shown(value, head["unit"]), va="center", fontsize=8)
    axes.set_xlim(min(0, *(row[1] / most for row in rows), 0), 1.35)
    axes.set_ylim(max(len(rows), 3) - 0.5, -0.5)
    axes.set_xticks([])
    axes.spines[["top", "right", "bottom"]].set_visible(False)


def table(cell, series, head):
    rows = [[named(entry, labels)[:60], shown(float(values[-1][1]), head["unit"])] for entry, labels, values in series][:11]
    grid(cell, rows, widths=[0.75, 0.25])


def main():
    options = ARGS.parse_args()
    os.makedirs(options.out, exist_ok=True)
    answers = {}
    for entry in json.load(open(options.results)):
        answers.setdefault(entry["panel"], []).append(entry)
    for path in sorted(glob.glob(os.path.join(HERE, "dashboards/*.json"))):
        board = json.load(open(path))
        name = board["uid"].rsplit("-")[-1]
        height = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in board["panels"]) + TOP
        figure = plt.figure(figsize=(15, 0.33 * height))
        figure.text(0.004, 1 - 0.5 / height, "%s  %s" % (name.upper(), board["title"]), fontsize=13, va="top", weight="bold")
        figure.text(0.996, 1 - 0.6 / height, board["description"], fontsize=9, va="top", ha="right", color="#666666")
        for panel in board["panels"]:
            if panel["type"] == "row":
                figure.text(0.006, 1 - (panel["gridPos"]["y"] + 0.75 + TOP) / height, panel["title"], fontsize=10, color="#444444")
                continue
            entries = answers.get("%s.%d" % (name[1:], panel["id"]))
            if entries:
                draw(Cell(figure, panel["gridPos"], height, entries[0]), entries)
        figure.savefig(os.path.join(options.out, name + ".png"), dpi=75)
        plt.close(figure)


if __name__ == "__main__":
    main()
