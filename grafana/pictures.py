#!/usr/bin/env python3
"""Pictures: what do the panels' own queries answer, drawn without Grafana?

Reads the answers that tests/e2e/grafana.py wrote with --results and draws one picture for each dashboard. A panel without
samples shows the text that Grafana would. Layout, colours and dashes follow the dashboards; the drawing is matplotlib's, so
these are no screenshots.

Usage: pictures.py RESULTS [--out DIR]      needs: pip install matplotlib
"""
import argparse, datetime, json, os, re, textwrap
import matplotlib
matplotlib.use("Agg")
import matplotlib.dates as dates
import matplotlib.pyplot as plt

ARGS = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ARGS.add_argument("results")
ARGS.add_argument("--out", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "pictures"))
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


def draw(axes, entries):
    head = entries[0]
    if "sql" in head:
        return rows(axes, head)
    axes.set_title("%s  %s" % (head["panel"], head["title"]), fontsize=8, loc="left")
    series = [(entry, labels, values) for entry in entries for labels, values in entry.get("series", [])]
    if not series:
        axes.axis("off")
        planned = sorted({metric for entry in entries for metric in entry["planned"]})
        text = "planned, no data yet:\n" + "\n".join(planned) if planned else "\n".join(textwrap.wrap(head["none"], 40))
        axes.text(0.5, 0.5, text, ha="center", va="center", fontsize=8, color="#666666")
        return
    kind = head["type"]
    if kind == "heatmap":
        heat(axes, series, head)
    elif kind in ("timeseries", "state-timeline"):
        lines(axes, kind, series, head)
    elif kind == "table":
        table(axes, series)
    else:
        bars(axes, series, head)


def number(text):
    try:
        return float(text)
    except ValueError:
        return None


def rows(axes, entry):
    """A panel of SQL: bars by name, lines over time, or the first rows of a table."""
    axes.set_title("%s  %s" % (entry["panel"], entry["title"]), fontsize=8, loc="left")
    columns, found = entry.get("columns", []), entry.get("rows", [])
    if not found:
        axes.axis("off")
        axes.text(0.5, 0.5, "\n".join(textwrap.wrap(entry["none"], 40)), ha="center", va="center", fontsize=8, color="#666666")
    elif entry["type"] == "barchart":
        shown_rows = found[:14]
        values = [number(row[1]) or 0 for row in shown_rows]
        axes.barh(range(len(values)), values, color=COLOURS[0], height=0.6)
        axes.set_yticks(range(len(values)), [row[0] for row in shown_rows], fontsize=6)
        for place, value in enumerate(values):
            axes.text(value, place, " " + ("%g %%" % value if entry["unit"] == "percent" else shown(value, entry["unit"])), va="center", fontsize=6)
        axes.margins(x=0.2)
        axes.set_xticks([])
        axes.invert_yaxis()
    elif entry["type"] == "timeseries":
        by_name = {}
        for row in found:
            at = datetime.datetime.fromisoformat(row[0].replace("Z", "+00:00"))
            words = [cell for cell in row[1:] if number(cell) is None]
            for name, cell in zip(columns[1:], row[1:]):
                if number(cell) is not None:
                    by_name.setdefault(" ".join(words) or name, []).append((at, number(cell)))
        for place, (name, points) in enumerate(by_name.items()):
            axes.plot([at for at, _ in points], [value for _, value in points], marker="o", label=name, color=COLOURS[place % 8], linestyle=STYLES[place % 4], linewidth=1.2)
        axes.xaxis.set_major_formatter(dates.DateFormatter("%d %H:%M"))
        axes.xaxis.set_major_locator(plt.MaxNLocator(4))
        axes.set_ylim(bottom=0)
        axes.tick_params(labelsize=6)
        axes.grid(alpha=0.3)
        axes.legend(fontsize=5, loc="upper left")
    elif entry["type"] == "stat":
        axes.axis("off")
        at = datetime.datetime.fromtimestamp(float(found[0][0]) / 1000, datetime.timezone.utc)
        axes.text(0.5, 0.45, at.strftime("%Y-%m-%d %H:%M:%S"), ha="center", va="center", fontsize=14, color=COLOURS[0])
    else:
        axes.axis("off")
        made = axes.table(cellText=[[cell[:max(12, 96 // len(columns))] for cell in row] for row in found[:9]], colLabels=columns, loc="upper center", cellLoc="left")
        made.auto_set_font_size(False)
        made.set_fontsize(4.5)


def lines(axes, kind, series, head):
    if "by age" in head["title"]:
        return layers(axes, series)
    for place, (entry, labels, values) in enumerate(series[:24]):
        times = [datetime.datetime.fromtimestamp(at, datetime.timezone.utc) for at, _ in values]
        numbers = [float(value) for _, value in values]
        style = dict(color=COLOURS[place % 8], linestyle=STYLES[place // 8 % 4], linewidth=1.2, label=named(entry, labels))
        if kind == "state-timeline":
            axes.step(times, [place * 1.5 + number for number in numbers], where="post", **style)
        else:
            axes.plot(times, numbers, **style)
    axes.xaxis.set_major_formatter(dates.DateFormatter("%H:%M"))
    axes.xaxis.set_major_locator(plt.MaxNLocator(4))
    axes.yaxis.set_major_formatter(plt.FuncFormatter(lambda value, _: shown(value, head["unit"])))
    if kind == "state-timeline":
        axes.set_yticks([])
    else:
        axes.set_ylim(bottom=min(0, axes.get_ylim()[0]))
    axes.tick_params(labelsize=6)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=5, loc="upper left", ncol=2)


def heat(axes, series, head):
    """How many in each bucket, the largest at the top: buckets of Prometheus hold all smaller ones as well."""
    series = sorted(series, key=lambda one: float(one[1]["le"]))
    times = sorted({at for _, _, values in series for at, _ in values})
    counts = [dict((at, float(value)) for at, value in values) for _, _, values in series]
    cells = [[row.get(at, 0) - (counts[place - 1].get(at, 0) if place else 0) for at in times] for place, row in enumerate(counts)]
    axes.pcolormesh([datetime.datetime.fromtimestamp(at, datetime.timezone.utc) for at in times], range(len(cells)), cells, cmap="Blues", shading="nearest")
    bounds = [one[1]["le"] for one in series]
    axes.set_yticks(range(len(bounds)), ["more" if "Inf" in bound else shown(float(bound), head["unit"]) for bound in bounds], fontsize=5)
    axes.xaxis.set_major_formatter(dates.DateFormatter("%H:%M"))
    axes.xaxis.set_major_locator(plt.MaxNLocator(4))
    axes.tick_params(axis="x", labelsize=6)


def layers(axes, series):
    """Stacked, the youngest at the bottom."""
    order = ["lt_1h", "1h_4h", "4h_12h", "12h_24h", "1d_3d", "3d_7d", "gt_7d"]
    series = sorted(series, key=lambda one: order.index(one[1]["age_band"]))
    times = [datetime.datetime.fromtimestamp(at, datetime.timezone.utc) for at, _ in series[0][2]]
    heights = [[float(value) for _, value in values] for _, _, values in series]
    axes.stackplot(times, heights, labels=[labels["age_band"] for _, labels, _ in series], colors=COLOURS)
    axes.xaxis.set_major_formatter(dates.DateFormatter("%H:%M"))
    axes.xaxis.set_major_locator(plt.MaxNLocator(4))
    axes.tick_params(labelsize=6)
    axes.legend(fontsize=5, loc="upper left", ncol=2, reverse=True)


def bars(axes, series, head):
    rows = [(named(entry, labels), float(values[-1][1]), entry) for entry, labels, values in series][:12]
    if len(rows) == 1:
        axes.axis("off")
        name, value, entry = rows[0]
        axes.text(0.5, 0.45, shown(value, head["unit"]), ha="center", va="center", fontsize=22, color=colour(entry, value, 0))
        return
    names = [row[0] for row in rows]
    most = max(abs(row[1]) for row in rows) or 1
    axes.barh(range(len(rows)), [row[1] / most for row in rows], color=[colour(entry, value, 0) for _, value, entry in rows], height=0.6)
    axes.set_yticks(range(len(rows)), names, fontsize=6)
    for place, (_, value, _) in enumerate(rows):
        axes.text(max(value / most, 0) + 0.02, place, shown(value, head["unit"]), va="center", fontsize=6)
    axes.set_xlim(min(0, *(row[1] / most for row in rows)), 1.3)
    axes.set_xticks([])
    axes.invert_yaxis()
    axes.spines[["top", "right", "bottom"]].set_visible(False)


def table(axes, series):
    axes.axis("off")
    rows = [[named(entry, labels)[:34], shown(float(values[-1][1]), "short")] for entry, labels, values in series][:10]
    made = axes.table(cellText=rows, loc="upper center", cellLoc="left", colWidths=[0.75, 0.25])
    made.auto_set_font_size(False)
    made.set_fontsize(6)


def main():
    options = ARGS.parse_args()
    os.makedirs(options.out, exist_ok=True)
    boards = {}
    for entry in json.load(open(options.results)):
        if not re.fullmatch(r"\d+\.\d+", entry["panel"]):
            continue
        boards.setdefault(entry["board"], {}).setdefault(entry["panel"], []).append(entry)
    for board, panels in boards.items():
        columns = 3 if len(panels) > 6 else 2
        lines_needed = -(-len(panels) // columns)
        figure, grid = plt.subplots(lines_needed, columns, figsize=(4.6 * columns, 2.5 * lines_needed), squeeze=False)
        for axes, entries in zip(grid.flat, panels.values()):
            draw(axes, entries)
        for axes in list(grid.flat)[len(panels):]:
            axes.axis("off")
        number = next(iter(panels)).split(".")[0]
        figure.suptitle("D%s  %s" % (number, board), fontsize=11)
        figure.tight_layout(rect=(0, 0, 1, 0.985))
        figure.savefig(os.path.join(options.out, "d%s.png" % number), dpi=80)
        plt.close(figure)


if __name__ == "__main__":
    main()
