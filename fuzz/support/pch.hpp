// Compiled once for all targets: what most of them include of the library.
#include <kerb/kerb.hpp>
#include <kerb/testing/insecure.hpp>
#include <kerb/testing/mint.hpp>
