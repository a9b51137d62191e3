// Compiled once for all tests of exchanges: Catch2, and the library, which each of them includes most of.
#include <kerb/kerb.hpp>
#include <kerb/testing/insecure.hpp>
#include <kerb/testing/mint.hpp>

#include "pch.hpp"
