// The attributes of `builtins` in Nix 2.36 with the features nix-command and flakes (which brings fetch-tree), as they are
// registered in libexpr (primops.cc, primops/*.cc) and libflake; 2.34.8 prints the same list.

export const builtinNames: readonly string[] = `
abort add addDrvOutputDependencies addErrorContext all any appendContext attrNames attrValues baseNameOf bitAnd bitOr
bitXor break builtins catAttrs ceil compareVersions concatLists concatMap concatStringsSep convertHash currentSystem
currentTime deepSeq derivation derivationStrict dirOf div elem elemAt false fetchGit fetchMercurial fetchTarball
fetchTree fetchurl filter filterSource findFile flakeRefToString floor foldl' fromJSON fromTOML functionArgs genList
genericClosure getAttr getContext getEnv getFlake groupBy hasAttr hasContext hashFile hashString head import
intersectAttrs isAttrs isBool isFloat isFunction isInt isList isNull isPath isString langVersion length lessThan
listToAttrs map mapAttrs match mul nixPath nixVersion null parseDrvName parseFlakeRef partition path pathExists
placeholder readDir readFile readFileType removeAttrs replaceStrings scopedImport seq sort split splitVersion storeDir
storePath stringLength sub substring tail throw toFile toJSON toPath toString toXML trace traceVerbose true tryEval
typeOf unsafeDiscardOutputDependency unsafeDiscardStringContext unsafeGetAttrPos warn zipAttrsWith
`
  .trim()
  .split(/\s+/)
