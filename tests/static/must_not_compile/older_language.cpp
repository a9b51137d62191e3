// expect: kerb needs C.*20: compile with -std=c..20 or newer
// wrong: -std=c++17
#include <kerb/core/config.hpp>
