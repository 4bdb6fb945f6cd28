// Pattern → automaton, in the order of libstdc++'s compiler (bits/regex_compiler.tcc), and at the same time → the source of
// a native RegExp where one means the same (see translation.ts). Groups are kept on a stack of our own: nesting costs nothing.
//
//   disjunction  alternative ("|" alternative)*
//   alternative  term*
//   term         "^" | "$" | atom quantifier*
//   atom         byte | "." | bracket | "(" disjunction ")"
//   quantifier   "*" | "+" | "?" | "{n}" | "{n,}" | "{n,m}"
import { Automaton, type Chain, op } from "./automaton.ts"
import { parseBracket } from "./bracket.ts"
import { anySet, type ByteSet, singleSet } from "./byte-set.ts"
import { RegexError } from "./regex-error.ts"
import { Scanner } from "./scanner.ts"
import {
  type Translation,
  translateAlternatives,
  translateAssertion,
  translateEmpty,
  translateGroup,
  translateRepeat,
  translateSequence,
  translateSet,
} from "./translation.ts"

/** What a pattern parses to. */
export interface ParsedPattern {
  readonly automaton: Automaton
  /** The first state; the accepting state is the last one inserted. */
  readonly start: number
  readonly translation: Translation
  /** The bytes the pattern stands for when it is nothing but ordinary bytes, else null. */
  readonly literal: string | null
}

interface Piece {
  readonly chain: Chain
  readonly translation: Translation
}

interface OpenGroup {
  /** State and number of the opening parenthesis; -1 for the whole pattern. */
  readonly open: number
  readonly group: number
  /** The alternatives read so far, joined. */
  before: Piece | null
  /** The alternative being read. */
  current: Piece | null
}

/** A count in braces: libstdc++ keeps it in a long and returns an int, so big ones wrap. */
function wrapCount(digits: string): number {
  return digits.length < 10 ? Number(digits) : Number(BigInt.asIntN(32, BigInt.asIntN(64, BigInt(digits))))
}

class Parser {
  readonly automaton: Automaton
  private readonly pattern: string
  private readonly scanner: Scanner
  private literal: string | null = ""

  constructor(pattern: string) {
    this.pattern = pattern
    this.automaton = new Automaton(pattern)
    this.scanner = new Scanner(pattern)
  }

  parse(): ParsedPattern {
    const { automaton, scanner } = this
    // libstdc++ has group 0 around everything; its two states count. Ours do nothing: the matcher knows the whole match.
    automaton.insert(op.dummy, -1, -1, 0)
    const open: OpenGroup[] = [{ open: -1, group: -1, before: null, current: null }]
    for (;;) {
      // open is never empty: the entry for the whole pattern is only removed by returning.
      const group = open[open.length - 1] as OpenGroup
      const { kind } = scanner
      if (kind === "group-open") {
        this.literal = null
        scanner.advance()
        const number = automaton.groups++
        open.push({ open: automaton.insert(op.open, -1, -1, number), group: number, before: null, current: null })
        continue
      }
      if (kind === "line-begin" || kind === "line-end") {
        this.literal = null
        scanner.advance()
        this.add(group, {
          chain: automaton.single(kind === "line-begin" ? op.lineBegin : op.lineEnd, 0),
          translation: translateAssertion(kind === "line-begin" ? "^" : "$"),
        })
        continue
      }
      const atom = this.atom()
      if (atom !== null) {
        this.add(group, this.quantified(atom))
        continue
      }
      const whole = this.endAlternative(group)
      if (scanner.kind === "or") {
        this.literal = null
        scanner.advance()
        group.before = whole
        group.current = null
        continue
      }
      if (group.open < 0) {
        if (scanner.kind !== "end") throw this.invalid()
        const end = automaton.insert(op.dummy, -1, -1, 0)
        automaton.next[whole.chain.end] = end
        automaton.next[end] = automaton.insert(op.accept, -1, -1, 0)
        const { literal } = this
        return { automaton, start: whole.chain.start, translation: whole.translation, literal }
      }
      if (scanner.kind !== "group-close") throw this.invalid()
      scanner.advance()
      open.pop()
      const close = automaton.single(op.close, group.group)
      automaton.next[group.open] = whole.chain.start
      automaton.next[whole.chain.end] = close.start
      const piece = {
        chain: { start: group.open, end: close.end },
        translation: translateGroup(whole.translation),
      }
      this.add(open[open.length - 1] as OpenGroup, this.quantified(piece))
    }
  }

  private add(group: OpenGroup, piece: Piece): void {
    group.current =
      group.current === null
        ? piece
        : {
            chain: this.automaton.join(group.current.chain, piece.chain),
            translation: translateSequence(group.current.translation, piece.translation),
          }
  }

  /** Ends the alternative at hand and joins it to those before it. */
  private endAlternative(group: OpenGroup): Piece {
    const { automaton } = this
    const dummy = automaton.single(op.dummy, 0)
    const current: Piece =
      group.current === null
        ? { chain: dummy, translation: translateEmpty() }
        : { chain: automaton.join(group.current.chain, dummy), translation: group.current.translation }
    const { before } = group
    if (before === null) return current
    const end = automaton.insert(op.dummy, -1, -1, 0)
    automaton.next[before.chain.end] = end
    automaton.next[current.chain.end] = end
    return {
      chain: { start: automaton.insert(op.alternative, current.chain.start, before.chain.start, 0), end },
      translation: translateAlternatives(before.translation, current.translation),
    }
  }

  private atom(): Piece | null {
    const { scanner, automaton } = this
    const { kind, text } = scanner
    switch (kind) {
      case "any": {
        scanner.advance()
        this.literal = null
        return this.set(anySet())
      }
      case "byte": {
        scanner.advance()
        if (this.literal !== null) this.literal += text
        const byte = text.charCodeAt(0)
        return { chain: automaton.single(op.byte, byte), translation: translateSet(singleSet(byte)) }
      }
      case "bracket-open":
      case "bracket-not-open":
        scanner.advance()
        this.literal = null
        return this.set(parseBracket(scanner, kind === "bracket-not-open"))
      default:
        return null
    }
  }

  private set(set: ByteSet): Piece {
    this.automaton.sets.push(set)
    return {
      chain: this.automaton.single(op.set, this.automaton.sets.length - 1),
      translation: translateSet(set),
    }
  }

  private quantified(atom: Piece): Piece {
    let piece = atom
    for (;;) {
      const { kind } = this.scanner
      if (kind === "star" || kind === "plus" || kind === "question") {
        this.literal = null
        this.scanner.advance()
        piece = {
          chain: this.repeat(piece.chain, kind),
          translation: translateRepeat(piece.translation, kind === "plus" ? 1 : 0, kind === "question" ? 1 : Infinity),
        }
      } else if (kind === "brace-open") {
        this.literal = null
        piece = this.counted(piece)
      } else return piece
    }
  }

  private repeat(body: Chain, kind: "star" | "plus" | "question"): Chain {
    const { automaton } = this
    if (kind === "question") {
      const end = automaton.insert(op.dummy, -1, -1, 0)
      const repeat = automaton.insert(op.repeat, end, body.start, 0)
      automaton.next[body.end] = end
      return { start: repeat, end }
    }
    const repeat = automaton.insert(op.repeat, -1, body.start, 0)
    automaton.next[body.end] = repeat
    return { start: kind === "star" ? repeat : body.start, end: repeat }
  }

  /** `{n}`, `{n,}`, `{n,m}`: copies of the body, as many as may be needed. */
  private counted(piece: Piece): Piece {
    const { scanner, automaton } = this
    const min = this.count()
    let more = 0
    let endless = false
    if (this.accepts("comma")) {
      if (scanner.kind === "count") more = this.count() - min
      else endless = true
    }
    if (!this.accepts("brace-close")) throw this.invalid()

    let chain = automaton.single(op.dummy, 0)
    for (let i = 0; i < min; i++) chain = automaton.join(chain, automaton.clone(piece.chain))
    if (endless) {
      const body = automaton.clone(piece.chain)
      const repeat = automaton.insert(op.repeat, -1, body.start, 0)
      automaton.next[body.end] = repeat
      chain = automaton.join(chain, { start: repeat, end: repeat })
    } else {
      if (more < 0) throw this.invalid()
      const end = automaton.insert(op.dummy, -1, -1, 0)
      for (let i = 0; i < more; i++) {
        const body = automaton.clone(piece.chain)
        chain = automaton.join(chain, {
          start: automaton.insert(op.repeat, end, body.start, 0),
          end: body.end,
        })
      }
      chain = automaton.join(chain, { start: end, end })
    }
    return {
      chain,
      translation: translateRepeat(piece.translation, Math.max(min, 0), endless ? Infinity : Math.max(min, 0) + more),
    }
  }

  /** Reads the `{` or `,` before a count has been left behind, and the count itself. */
  private count(): number {
    if (this.scanner.kind === "brace-open") this.scanner.advance()
    if (this.scanner.kind !== "count") throw this.invalid()
    const count = wrapCount(this.scanner.text)
    this.scanner.advance()
    return count
  }

  private accepts(kind: "comma" | "brace-close"): boolean {
    if (this.scanner.kind !== kind) return false
    this.scanner.advance()
    return true
  }

  private invalid(): RegexError {
    return new RegexError("regex/invalid", this.pattern)
  }
}

/** Parses a pattern (a byte string). Throws RegexError. */
export function parsePattern(pattern: string): ParsedPattern {
  return new Parser(pattern).parse()
}
