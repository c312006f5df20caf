# SPDX-License-Identifier: Apache-2.0
# Two interface targets: svc_flags (language and warnings, for everything that
# is compiled here) and svc_hardening (for what is shipped). Each flag is used
# where the compiler knows it.
include(CheckCCompilerFlag)

function(svc_add_flag target flag)
    string(MAKE_C_IDENTIFIER "SVC_HAVE${flag}" have)
    set(CMAKE_REQUIRED_FLAGS "-Werror")
    check_c_compiler_flag("${flag}" ${have})
    if(${have})
        target_compile_options(${target} INTERFACE "${flag}")
    endif()
endfunction()

add_library(svc_flags INTERFACE)
target_compile_options(svc_flags INTERFACE
    # Not _GNU_SOURCE: it would change what strerror_r returns.
    -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE
    -Wall -Wextra -Wconversion -Wshadow -Wvla
    -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wwrite-strings
    -Wundef -Wformat=2)
if(SVC_WERROR)
    target_compile_options(svc_flags INTERFACE -Werror)
endif()

if(SVC_BUILD_FUZZ)
    if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
        message(FATAL_ERROR "SVC_BUILD_FUZZ needs clang: "
            "set CC=clang, or leave it off to replay the corpora only")
    endif()
    set(SVC_SANITIZE "fuzzer-no-link,address,undefined")
endif()
if(SVC_SANITIZE)
    set(flags "-fsanitize=${SVC_SANITIZE}" -fno-sanitize-recover=all
        -fno-omit-frame-pointer -g)
    add_compile_options(${flags})
    add_link_options(${flags})
endif()

add_library(svc_hardening INTERFACE)
foreach(flag
        -fstack-protector-strong -fstack-clash-protection
        -fcf-protection=full -ftrivial-auto-var-init=zero
        -fno-delete-null-pointer-checks -fno-strict-overflow)
    svc_add_flag(svc_hardening "${flag}")
endforeach()
if(NOT SVC_SANITIZE)
    # Fortification needs optimisation, and sanitizers see more without it.
    target_compile_options(svc_hardening INTERFACE
        $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE>
        $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=3>)
endif()
target_link_options(svc_hardening INTERFACE
    "-Wl,-z,relro" "-Wl,-z,now" "-Wl,-z,noexecstack")
