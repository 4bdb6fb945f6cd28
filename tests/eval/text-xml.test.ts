import { expect, test } from "vitest"
import { XmlWriter } from "../../engine/eval/text/xml-writer.ts"

test("elements are indented, attributes sorted and escaped as Nix does", () => {
  const xml = new XmlWriter()
  xml.openElement("expr")
  xml.openElement("attrs")
  xml.openElement("attr", { path: "/x.nix", name: "a", line: "1", column: "3" })
  xml.emptyElement("string", { value: "a&<>\"'\n" })
  xml.closeElement()
  xml.closeElement()
  xml.emptyElement("null")
  expect(xml.finish()).toBe(
    [
      "<?xml version='1.0' encoding='utf-8'?>",
      "<expr>",
      "  <attrs>",
      '    <attr column="3" line="1" name="a" path="/x.nix">',
      '      <string value="a&amp;&lt;&gt;&quot;\'&#xA;" />',
      "    </attr>",
      "  </attrs>",
      "  <null />",
      "</expr>",
      "",
    ].join("\n"),
  )
})

test("closing what is not open is a mistake of the caller", () => {
  expect(() => new XmlWriter().closeElement()).toThrow(RangeError)
})
