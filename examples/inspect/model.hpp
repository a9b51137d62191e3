// The result of inspect: messages as lists of items, to be printed as text or JSON.
#pragma once
#include <kerb/asn1/node.hpp>
#include <optional>
#include <string>
#include <vector>

namespace inspect {

using octets = std::vector<std::uint8_t>;

/// One line of the tree.
struct item {
  std::size_t depth = 0;
  std::string field;
  std::optional<std::size_t> index;
  std::string type;
  std::string element;
  std::uint32_t offset = 0;
  std::uint32_t header = 0;
  std::uint32_t size = 0;
  bool placed = true;         ///< whether offset is known
  bool in_plaintext = false;  ///< whether offset counts from the start of a plaintext
  kerb::asn1::content holds{};
  std::int64_t number = 0;
  std::string name;
  std::vector<std::string> bits;
  octets contents;
  kerb::error note;
  std::string remark;  ///< "opened with ..."
  static constexpr std::size_t no_key = static_cast<std::size_t>(-1);
  std::size_t key = no_key;  ///< the key that opened it
};

/// One message, or something else that was found in its place.
struct document {
  std::string name;   ///< "AS-REQ"
  std::string where;  ///< "frame 3, UDP, 10.0.0.1:40000 > 10.0.0.2:88"
  octets whole;
  std::vector<item> items;
  kerb::error fault;
  bool guarded = false;  ///< its octets are only shown as items, because keys may be anywhere in it
};

}  // namespace inspect
