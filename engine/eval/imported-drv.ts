// `import` of a `.drv` file in the store: the set that `derivation` would have given, with what the file still knows.
// C++ Nix: primops.cc derivationToValue

import { parseStorePath } from "../formats/store-path/store-path.ts"
import { Attrs } from "./attrs.ts"
import { derivedPathText, elementOf } from "./derived-path.ts"
import type { Runtime } from "./runtime.ts"
import { call, need, type Step } from "./step.ts"
import { stepKind } from "./step-kind.ts"
import { type Cell, makeString, Thunk, type Value } from "./value.ts"

const fileName = "imported-drv-to-derivation.nix"

/** From drvPath, name, the list of outputs and a path for each of them to a derivation. Written anew; the meaning is upstream's. */
const importedDrvNix = `made@{
  name,
  drvPath,
  outputs,
  ...
}:
let
  common = builtins.listToAttrs perOutput // {
    all = map (output: output.value) perOutput;
    type = "derivation";
    inherit name drvPath;
  };
  ofOutput = outputName: {
    name = outputName;
    value = common // {
      outPath = made.\${outputName};
      inherit outputName;
    };
  };
  perOutput = map ofOutput outputs;
in
(builtins.head perOutput).value
`

/** The function above, parsed when it is first needed; remembered among the imports under a name that is no path. */
function converter(rt: Runtime): Cell {
  let cell = rt.imports.get(fileName)
  if (cell === undefined) {
    if (rt.loader === null) throw new RangeError("the runtime has no loader")
    cell = new Thunk(rt.loader(fileName, importedDrvNix), rt.globals)
    rt.imports.set(fileName, cell)
  }
  return cell
}

/** The value of importing the `.drv` file at a store path. Throws Nix's errors about its contents. */
export function* stepImportDerivation(rt: Runtime, path: string): Step<Value> {
  const drvPath = parseStorePath(path, rt.host.storeDir)
  const drv = rt.drvs.read(drvPath)
  const outputs = [...drv.outputs.keys()]
  const made = new Map<string, Cell>([
    ["drvPath", makeString(path, [rt.contexts.drvDeep(path)])],
    ["name", drv.env.get("name") ?? ""],
    ["outputs", outputs],
  ])
  for (const output of outputs) {
    const built = { kind: "built", drvPath: { kind: "opaque", path: drvPath }, output } as const
    made.set(output, makeString(derivedPathText(rt, built), [elementOf(rt, built)]))
  }
  const convert = (yield need(converter(rt), 0)) as Value
  const result = (yield call(convert, [Attrs.ofMap(made, null)], 0)) as Value
  return (yield stepKind(rt, result, "attrs", 0, `while calling ${fileName}`)) as Attrs
}
