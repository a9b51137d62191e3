// A number of 32 bits that knows the form it came in.
#include <kerb/core/uint32.hpp>
#include <optional>

#include "support/both.hpp"

using namespace kerb;

namespace {

constexpr bool is_a_number() {
  const uint32 plain = 7, padded(7, integer_form::four_octets), none;
  std::optional<std::uint32_t> from = std::optional<uint32>(padded);
  std::optional<uint32> to = from;
  const std::uint32_t sum = plain + padded;
  return none == 0u && none.form() == integer_form::der && plain.form() == integer_form::der && sum == 14 &&
         from == 7u && to == 7u && to->form() == integer_form::der && uint32(0xffffffff) == 0xffffffffu;
}
KERB_BOTH("uint32: is used as the number it is", "[core][rfc4120-5.2.4]", is_a_number);

constexpr bool compared_by_value() {
  const uint32 plain = 7, padded(7, integer_form::four_octets), other = 8;
  return plain == padded && padded == plain && plain != other && padded < other && padded == 7u && 7u == padded &&
         std::optional(plain) == std::optional(padded) && std::optional(padded) == std::optional(7u);
}
KERB_BOTH("uint32: the form does not matter to comparing", "[core]", compared_by_value);

constexpr bool keeps_its_form() {
  const uint32 negative(0x80000000, integer_form::negative);
  uint32 copy = negative;
  const bool kept = copy.form() == integer_form::negative;
  copy = 5;
  return kept && copy.form() == integer_form::der;
}
KERB_BOTH("uint32: a copy has the form too, and a new number has DER's", "[core]", keeps_its_form);

}  // namespace
