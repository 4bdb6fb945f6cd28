// Which addresses are this machine's or its network's: nothing that others may have us connect to.
// IANA's registries of special-purpose addresses (RFC 6890 and its updates).

import { BlockList, isIPv4, isIPv6 } from "node:net"

const special4 = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.31.196.0/24",
  "192.52.193.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "192.175.48.0/24",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
]

/** Of IPv6 only global unicast (2000::/3) is public, without these parts of it. */
const special6 = ["2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"]

function blockList(ranges: readonly string[], family: "ipv4" | "ipv6"): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [address = "", bits = ""] = range.split("/")
    list.addSubnet(address, Number(bits), family)
  }
  return list
}

const blocked4 = blockList(special4, "ipv4")
const blocked6 = blockList(special6, "ipv6")
const global6 = blockList(["2000::/3"], "ipv6")
const loopback4 = blockList(["127.0.0.0/8"], "ipv4")

/** The IPv4 address in an IPv6 address that only wraps it (::ffff:1.2.3.4); else the address itself. */
function unmapped(address: string): string {
  const bare = address.replace(/%.*$/, "")
  if (!isIPv6(bare)) return bare
  // The platform's URL parser writes each address in one way: the mapped ones as ::ffff:HHHH:HHHH.
  const canonical = new URL(`http://[${bare}]/`).hostname.slice(1, -1)
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical)
  if (mapped === null) return canonical
  const [high, low] = [Number.parseInt(mapped[1]!, 16), Number.parseInt(mapped[2]!, 16)]
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`
}

/** Whether an address is one of the public internet. False for anything that is not an address. */
export function isPublic(address: string): boolean {
  const plain = unmapped(address)
  if (isIPv4(plain)) return !blocked4.check(plain, "ipv4")
  return isIPv6(plain) && global6.check(plain, "ipv6") && !blocked6.check(plain, "ipv6")
}

/** Whether an address is this machine's own. */
export function isLoopback(address: string): boolean {
  const plain = unmapped(address)
  return isIPv4(plain) ? loopback4.check(plain, "ipv4") : plain === "::1"
}
