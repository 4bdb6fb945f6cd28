// `derivation`: the lazy wrapper around derivationStrict, in Nix as upstream has it (its positions are part of
// error traces under the name «nix-internal»/derivation-internal.nix). Written anew; the meaning is upstream's:
// the set itself, extended by one set per output, each with its own outPath and outputName.

export const derivationNix = `/**
  Describes how to build something. The result is a set with a lazily computed \`drvPath\` and, per output,
  an \`outPath\`; nothing is built before that is asked for.
*/
drvAttrs@{
  outputs ? [ "out" ],
  ...
}:
let
  strict = derivationStrict drvAttrs;
  common =
    drvAttrs
    // builtins.listToAttrs perOutput
    // {
      all = map (output: output.value) perOutput;
      inherit drvAttrs;
    };
  ofOutput = outputName: {
    name = outputName;
    value = common // {
      outPath = strict.\${outputName};
      drvPath = strict.drvPath;
      type = "derivation";
      inherit outputName;
    };
  };
  perOutput = map ofOutput outputs;
in
(builtins.head perOutput).value
`
