// The edge between byte strings and JavaScript strings.

/** Bytes (as a byte string) to text; what is not UTF-8 becomes U+FFFD. */
export function fromBytes(bytes: string): string {
  let ascii = true
  for (let i = 0; i < bytes.length; i++)
    if (bytes.charCodeAt(i) > 127) {
      ascii = false
      break
    }
  if (ascii) return bytes
  const raw = new Uint8Array(bytes.length)
  for (let i = 0; i < bytes.length; i++) raw[i] = bytes.charCodeAt(i)
  return new TextDecoder().decode(raw)
}

/** Text (as UTF-8) or raw bytes to a byte string. */
export function toBytes(text: string | Uint8Array): string {
  const raw = typeof text === "string" ? new TextEncoder().encode(text) : text
  const parts: string[] = []
  for (let i = 0; i < raw.length; i += 0x8000) parts.push(String.fromCharCode(...raw.subarray(i, i + 0x8000)))
  return parts.join("")
}
