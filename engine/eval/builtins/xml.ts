// XML: toXML.

import { builtin, type PrimOp, type Text } from "../builtin.ts"
import { stepToXml } from "../to-xml.ts"
import { makeString } from "../value.ts"

const toXML = builtin({
  name: "toXML",
  args: [["e", "lazy"]],
  doc: "Returns an XML text that describes `e`, evaluated to all its depth. Derivations are shown with their paths, functions with their argument names.",
  see: "primops.cc prim_toXML, value-to-xml.cc",
  examples: [
    {
      nix: "builtins.toXML { a = [ 1 ]; }",
      gives: `"<?xml version='1.0' encoding='utf-8'?>\\n<expr>\\n  <attrs>\\n    <attr name=\\"a\\">\\n      <list>\\n        <int value=\\"1\\" />\\n      </list>\\n    </attr>\\n  </attrs>\\n</expr>\\n"`,
    },
  ],
  *step(rt, e) {
    const { text, context } = (yield stepToXml(rt, e, { strict: true, location: false })) as Text
    return makeString(text, context)
  },
})

export const xml: readonly PrimOp[] = [toXML]
