// SPNEGO, RFC 4178: both sides of a negotiation of mechanisms.
#pragma once
#include "negotiate_acceptor.hpp"
#include "negotiate_initiator.hpp"
