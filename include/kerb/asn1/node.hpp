// The nodes that describe() passes to a visitor, one for each part of a message.
#pragma once
#include <limits>

#include "../core/bytes.hpp"
#include "../core/error.hpp"

namespace kerb::inline v0::asn1 {

/// The kind of a node; it determines which members of the node hold the value.
enum class content : std::uint8_t {
  fields,    ///< a SEQUENCE or a CHOICE: its fields follow
  elements,  ///< a SEQUENCE OF: its elements follow
  nested,    ///< an OCTET STRING that holds an encoding: it follows
  number,    ///< `number`, and `name` where a registry has one
  boolean,   ///< `number`, 0 or 1
  time,      ///< `number`, seconds since 1970
  flags,     ///< `number`, 32 bits of which the most significant is bit 0, and `bit_name`
  text,      ///< `contents`; escape control characters before printing
  oid,       ///< `contents`, the encoded arcs
  bits,      ///< `contents`: the count of unused bits, then the bits
  octets,    ///< `contents`
  address,   ///< `contents`, a network address; `number` is its addr-type
  sealed,    ///< `contents`, encrypted; the plaintext follows if the visitor could decrypt it
  any,       ///< `contents` of an encoding that no schema describes
  withheld,  ///< a secret: only `size`, its number of octets, is shown
};

/// One part of a message. The views and `parent` are valid during the visit only.
struct node {
  static constexpr std::size_t no_index = std::numeric_limits<std::size_t>::max();

  const node* parent = nullptr;  ///< the enclosing node; null for the whole
  const char* field = "";  ///< the RFC's name in the parent ("enc-part"); empty for the whole, for elements, and nested
  std::size_t index = no_index;  ///< which element of the parent, from 0
  const char* type = "";         ///< the ASN.1 type ("EncryptedData", "Int32", "SEQUENCE OF")
  const char* element = "";      ///< for a SEQUENCE OF: the type of its elements
  std::uint32_t depth = 0;       ///< the number of parents
  std::uint32_t offset = 0;      ///< from the start of the outermost message, or of the plaintext
  bytes_view header;             ///< identifier and length octets, including those of the field's tag
  std::uint32_t size = 0;        ///< octets after the header
  bytes_view contents;           ///< those octets, unless they are described by other nodes or secret

  content holds = content::fields;
  std::int64_t number = 0;
  std::string_view name;
  std::string_view (*bit_name)(unsigned) = nullptr;
  error note;  ///< why the octets do not decode as the nested or sealed type; not an error of the message
};

/// How EncryptedData may have been encrypted.
struct seal {
  std::int32_t etype = 0;
  view_of<std::int32_t> usages;  ///< the key usages that are allowed in this place
  const char* type = "";         ///< the expected type of the plaintext ("EncTicketPart")
};

/// A visitor with a member of this type, `static constexpr reveal secrets{};`, also receives secrets.
struct reveal {};

/// A callable that accepts nodes. It may also have `unseal(const node&, const seal&)`, which
/// returns the plaintext, or an empty view if it cannot decrypt. The plaintext must stay valid
/// until the nodes in it have been passed.
template <class V>
concept visitor = requires(V& v, const node& n) {
  v(n);
};

namespace detail {
/// Gives all visitors the same type, so that the walker is compiled once for each message type and
/// not again for each visitor.
class sink {
 public:
  constexpr virtual void see(const node&) = 0;
  constexpr virtual bytes_view unseal(const node&, const seal&) = 0;
  bool reveals = false;

 protected:
  constexpr sink() = default;
  constexpr ~sink() = default;
};

template <visitor V>
class sink_for final : public sink {
 public:
  constexpr explicit sink_for(V& v) : v_(v) {
    if constexpr (requires {
                    { V::secrets } -> std::convertible_to<reveal>;
                  })
      reveals = true;
  }
  constexpr void see(const node& n) override { v_.get()(n); }
  constexpr bytes_view unseal(const node& n, const seal& s) override {
    if constexpr (requires {
                    { v_.get().unseal(n, s) } -> std::convertible_to<bytes_view>;
                  }) {
      return v_.get().unseal(n, s);
    } else {
      (void)n, (void)s;
      return {};
    }
  }

 private:
  ref<V> v_;
};
}  // namespace detail

}  // namespace kerb::inline v0::asn1
