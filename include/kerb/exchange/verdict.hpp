// Why an exchange refuses a request: the reason for its program, and the code for the other side.
#pragma once
#include "../core/error.hpp"
#include "../numbers/error_code.hpp"

namespace kerb::inline v0::detail {

/// Why a request is refused: `why` for the program, `code` for the client. Code 0: it is not
/// refused.
struct verdict {
  error why{};
  error_code_t code = error_code_t::kdc_err_none;
  constexpr bool ok() const { return code == error_code_t::kdc_err_none; }
};
constexpr verdict no(errc c, error_code_t code, const char* type, const char* field = "") {
  return {{.code = c, .type = type, .field = field}, code};
}

/// The maximum number of octets of a KRB-ERROR, without its names, realms and e-data.
inline constexpr std::size_t error_bound = 320;

}  // namespace kerb::inline v0::detail
