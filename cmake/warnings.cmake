# warnings.cmake — what both compilers are asked to watch, target by target.

function(tally_warnings target)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wdouble-promotion
    -Wstrict-prototypes -Wmissing-prototypes -Wcast-qual -Wwrite-strings -Wvla -Wundef
    -Wformat=2 -Wnull-dereference -Wswitch-enum -Wno-missing-field-initializers
    $<$<C_COMPILER_ID:Clang>:-Wmissing-variable-declarations>
    $<$<BOOL:${TALLY_WERROR}>:-Werror>)
  if(TALLY_SANITIZE)
    string(REPLACE ";" "," sanitizers "${TALLY_SANITIZE}")
    target_compile_options(${target} PRIVATE -fsanitize=${sanitizers}
      -fno-omit-frame-pointer -fno-sanitize-recover=all)
    target_link_options(${target} PRIVATE -fsanitize=${sanitizers})
  endif()
  if(TALLY_COVERAGE)
    target_compile_options(${target} PRIVATE --coverage)
    target_link_options(${target} PRIVATE --coverage)
  endif()
  set_target_properties(${target} PROPERTIES C_STANDARD 11 C_STANDARD_REQUIRED ON
    C_EXTENSIONS OFF C_VISIBILITY_PRESET hidden)
  target_compile_definitions(${target} PRIVATE _GNU_SOURCE)
endfunction()
