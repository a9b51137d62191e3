// What describe() tells of a message, thing by thing, and to whom.
#pragma once
#include <limits>

#include "../core/bytes.hpp"
#include "../core/error.hpp"

namespace kerb::inline v0::asn1 {

/// What a thing holds, and so which members of its node say it.
enum class content : std::uint8_t {
  fields,    ///< a SEQUENCE or a CHOICE: its fields follow
  elements,  ///< a SEQUENCE OF: its elements follow
  nested,    ///< an OCTET STRING that holds an encoding: it follows
  number,    ///< `number`, and `name` where a registry has one
  boolean,   ///< `number`, 0 or 1
  time,      ///< `number`, seconds since 1970
  flags,     ///< `number`, 32 bits of which the most significant is bit 0, and `bit_name`
  text,      ///< `contents`; whoever prints them minds control characters
  oid,       ///< `contents`, the encoded arcs
  bits,      ///< `contents`: the count of unused bits, then the bits
  octets,    ///< `contents`
  address,   ///< `contents`, a network address; `number` is its addr-type
  sealed,    ///< `contents`, encrypted; the plaintext follows where the visitor could open it
  any,       ///< `contents` of an encoding that no schema describes
  withheld,  ///< a secret: `size` says how many octets are not shown
};

/// One thing in a message. The views and `parent` last as long as the visit.
struct node {
  static constexpr std::size_t no_index = std::numeric_limits<std::size_t>::max();

  const node* parent = nullptr;  ///< what it stands in; null for the whole
  const char* field = "";  ///< the RFC's name in the parent ("enc-part"); empty for the whole, for elements, and nested
  std::size_t index = no_index;  ///< which element of the parent, from 0
  const char* type = "";         ///< the ASN.1 type ("EncryptedData", "Int32", "SEQUENCE OF")
  const char* element = "";      ///< of a SEQUENCE OF: the type of its elements
  std::uint32_t depth = 0;       ///< how many parents
  std::uint32_t offset = 0;      ///< from the start of the outermost message; in a plaintext, from its own
  bytes_view header;             ///< identifiers and lengths, those of the field's tag included
  std::uint32_t size = 0;        ///< octets behind the header
  bytes_view contents;           ///< those octets, where nothing else is described in them and they are no secret

  content holds = content::fields;
  std::int64_t number = 0;
  std::string_view name;
  std::string_view (*bit_name)(unsigned) = nullptr;
  error note;  ///< why the octets of a nested or sealed encoding are not what should be there; no fault of the message
};

/// How EncryptedData may have been sealed.
struct seal {
  std::int32_t etype = 0;
  view_of<std::int32_t> usages;  ///< the key usages that the place allows
  const char* type = "";         ///< what the plaintext should be ("EncTicketPart")
};

/// A visitor that has a member of this type, `static constexpr reveal secrets{};`, is given secrets too.
struct reveal {};

/// Whatever takes nodes. It may also have `unseal(const node&, const seal&)`, which answers with the plaintext, or with
/// an empty view where it cannot; the plaintext must outlive the call by what describing it takes.
template <class V>
concept visitor = requires(V& v, const node& n) {
  v(n);
};

namespace detail {
/// All visitors look alike to the walker, so that it is compiled once for each type and not once more for each visitor.
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
