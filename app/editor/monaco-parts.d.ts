// Parts of Monaco that have no declarations: as far as the editor of differences needs them.

declare module "monaco-editor/editor/browser/widget/diffEditor/diffEditorWidget" {
  import type { editor } from "monaco-editor/editor"

  /** Made by the instantiation service alone, which gives it what it needs. */
  export class DiffEditorWidget {
    private constructor()
    setModel(model: editor.IDiffEditorModel | null): void
    updateOptions(options: editor.IDiffEditorConstructionOptions): void
    dispose(): void
  }
}

declare module "monaco-editor/editor/standalone/browser/standaloneServices" {
  import type { editor } from "monaco-editor/editor"
  import type { DiffEditorWidget } from "monaco-editor/editor/browser/widget/diffEditor/diffEditorWidget"
  import type { ServiceCollection } from "monaco-editor/platform/instantiation/common/serviceCollection"

  interface Instantiation {
    createChild(services: ServiceCollection): Instantiation
    createInstance<T extends object>(part: new () => T): T
    createInstance(
      widget: typeof DiffEditorWidget,
      element: HTMLElement,
      options: editor.IDiffEditorConstructionOptions,
      own: object,
    ): DiffEditorWidget
  }
  export const StandaloneServices: {
    initialize(overrides: object): Instantiation
    get<T>(id: { readonly service: T }): T
  }
}

declare module "monaco-editor/editor/standalone/common/standaloneTheme" {
  export const IStandaloneThemeService: {
    readonly service: { registerEditorContainer(element: HTMLElement): { dispose(): void } }
  }
}

declare module "monaco-editor/editor/browser/widget/diffEditor/diffProviderFactoryService" {
  export const IDiffProviderFactoryService: { readonly service: object }
  export class WorkerBasedDiffProviderFactoryService {}
}

declare module "monaco-editor/platform/instantiation/common/serviceCollection" {
  export class ServiceCollection {
    constructor(...services: (readonly [id: { readonly service: object }, made: object])[])
  }
}
