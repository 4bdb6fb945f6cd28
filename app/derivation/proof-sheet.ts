// Steps as a shell script that does each of them with coreutils and compares the result.

import type { StepView } from "../../engine/worker/derivation-protocol.ts"
import { shellWord } from "./nix-command.ts"

/** A script for `sh`; its status is 1 if a step does not agree. Its comments tell where the inputs are from. */
export function proofSheet(title: string, steps: readonly StepView[]): string {
  const lines = [
    "#!/bin/sh",
    `# Proof sheet: ${oneLine(title)}`,
    "# Every step by which the path comes about, as a command, with the result that it must give. Made by Thunkpad; needs coreutils.",
    "wrong=0",
    "check() {",
    "  got=$(sh)",
    '  if [ "$got" = "$2" ]; then echo "ok    $1"; else wrong=$((wrong + 1)); echo "WRONG $1"; echo "      expected $2"; echo "      got      $got"; fi',
    "}",
  ]
  for (const [i, step] of steps.entries()) {
    lines.push("", `# ${i + 1}. ${oneLine(step.id)}: ${oneLine(step.title)}`, `#    ${oneLine(step.source)}`)
    for (const { name, value, from } of step.inputs) {
      const text = oneLine(value)
      lines.push(`#    ${oneLine(name)} = ${text.length > 100 ? `${text.slice(0, 100)}…` : text} (${oneLine(originText(from))})`)
    }
    lines.push(
      `#    ${step.size.toLocaleString("en")} bytes in`,
      `check ${shellWord(step.id)} ${shellWord(step.result)} <<'${mark(step.shell)}'`,
      step.shell,
      mark(step.shell),
    )
  }
  lines.push(
    "",
    `if [ $wrong = 0 ]; then echo "all ${steps.length} steps agree"; else echo "$wrong of ${steps.length} steps do not agree"; exit 1; fi`,
    "",
  )
  return lines.join("\n")
}

/** A line that is not in the text. */
function mark(text: string): string {
  let found = "STEP"
  while (text.split("\n").includes(found)) found += "_"
  return found
}

/** Where an input is from, in words. */
function originText(from: StepView["inputs"][number]["from"]): string {
  switch (from.kind) {
    case "attribute":
      return `attribute ${from.name}${from.index === null ? "" : `, element ${from.index}`}${
        from.at === null ? "" : `, ${from.at.file.replace(/^\/workspace\//, "")} line ${from.at.line}`
      }`
    case "step":
      return `result of ${from.id}`
    case "file":
      return `file ${from.path}`
    case "derivation":
      return `stands for ${from.drvPaths.join(", ")}`
    case "reference":
      return `reference to ${from.path}`
    case "masked":
      return "left out: it is what is being computed"
    case "given":
      return from.name
    case "setting":
      return `setting: ${from.name}`
  }
}

/** Names come from programs: no line of a comment may end one. */
function oneLine(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f\u2028\u2029]+/g, " ")
}
