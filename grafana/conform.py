#!/usr/bin/env python3
"""Conform: are the dashboards what Grafana's own types say that a dashboard is?

Each board goes through the TypeScript compiler against `Dashboard` of the package @grafana/schema: every property must exist
and every word of its enums be one of them. Then a board with a word and one with a property that do not exist must be refused.

LIMIT: queries are what their data source makes of them and are not looked at; options of a panel are its plugin's own, and
the schema leaves them open. Two properties that Grafana itself writes and its types lack are let through. Not part of the
gate: it needs npm.

Usage: conform.py
"""
import glob, json, os, re, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
PACKAGES = ["@grafana/schema@13.2.3", "typescript@5.9.3"]
HEAD = """import type { Dashboard, DataQuery } from '@grafana/schema';
// What is left out Grafana fills in; an enum is compared by what its words say.
type Told<T> = T extends DataQuery ? Record<string, unknown>
  : T extends string ? `${T}`
  : T extends number | boolean | null | undefined ? T
  : T extends (infer One)[] ? Told<One>[]
  : T extends object ? { [K in keyof T]?: Told<T[K]> } : T;
type Board = Told<Omit<Dashboard, 'annotations' | 'templating'>> & {
  annotations: { list: (Told<NonNullable<NonNullable<Dashboard['annotations']>['list']>[number]> & { rawQuery?: string; expr?: string; step?: string; textFormat?: string; titleFormat?: string })[] };
  templating: { list: (Told<NonNullable<NonNullable<Dashboard['templating']>['list']>[number]> & { definition?: string })[] };
};
export const board = %s satisfies Board;
"""


def compiled(home, boards):
    """What the compiler says against boards, by name."""
    for name, text in boards.items():
        with open(os.path.join(home, name + ".ts"), "w") as file:
            file.write(HEAD % text)
    options = {"strict": True, "noEmit": True, "skipLibCheck": True, "module": "esnext", "moduleResolution": "bundler", "target": "es2022"}
    with open(os.path.join(home, "tsconfig.json"), "w") as file:
        json.dump({"compilerOptions": options, "files": [name + ".ts" for name in boards]}, file)
    done = subprocess.run(["node", "node_modules/typescript/bin/tsc", "-p", "."], cwd=home, capture_output=True, text=True, timeout=600)
    found = {name: [] for name in boards}
    for line in done.stdout.splitlines():
        named = re.match(r"([\w-]+)\.ts\((\d+),", line)
        if named:
            found[named.group(1)].append(line[:300])
    if done.returncode and not any(found.values()):
        raise SystemExit(done.stdout + done.stderr)
    return found


def main():
    boards = {}
    for path in sorted(glob.glob(os.path.join(HERE, "dashboards/*.json"))):
        with open(path) as file:
            boards[os.path.basename(path)[:-5]] = file.read().strip()
    first = next(iter(boards.values()))
    planted = {"planted-word": first.replace('"mode": "thresholds"', '"mode": "threshold"', 1), "planted-property": first.replace('"editable"', '"editible"', 1)}
    assert all(text != first for text in planted.values())
    with tempfile.TemporaryDirectory() as home:
        subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", home, *PACKAGES], check=True, timeout=600, stdout=subprocess.DEVNULL)
        found = compiled(home, boards | planted)
    failed = 0
    for name, lines in found.items():
        is_well = bool(lines) if name in planted else not lines
        failed += not is_well
        print("%-24s %s" % (name, "refused, as it must be" if name in planted and lines else "ok" if is_well else "\n  ".join(["FAILED", *lines])))
    print("test result: %s. %d passed; %d failed" % ("FAILED" if failed else "ok", len(found) - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
