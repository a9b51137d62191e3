// Takes the facts; a template, so that each half of the program takes its own.
#pragma once
#include "all_headers.hpp"
#include "facts.hpp"

template <class Half>
facts measure() {
  using r = kerb::result<kerb::timestamp>;
  using s = kerb::secret<32>;
  return {&kerb::latest_time,
          {sizeof(kerb::error), alignof(kerb::error), sizeof(kerb::timestamp), alignof(kerb::timestamp), sizeof(r),
           alignof(r), sizeof(kerb::bytes_view), alignof(kerb::bytes_view), sizeof(s), alignof(s), sizeof(kerb::errc),
           alignof(kerb::errc)}};
}
