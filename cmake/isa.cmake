# isa.cmake — files with hot loops, compiled once for each instruction set: see num/isa.h.
#
# tally_objects has the portable code.  In the others each exported name gets the set's
# ending, by a header included first: tally_rule_adam is tally_rule_adam_avx2 there.

set(isa_sources src/num/bits_kernels.c src/rule/moments.c src/rule/bounds.c src/rule/signs.c
  src/trainer/admm/loops.c src/num/random_run.c src/codec/coins.c src/codec/pack.c)
set(isa_names tally_bits_kernels tally_moments_apply tally_moments_weights_of tally_moments_slots
  tally_bounds_apply tally_signs_apply admm_loops_table
  tally_random_run tally_codec_coins tally_pack_codes tally_unpack_codes tally_code_beyond)
foreach(folder rule model/layer model/loss codec)
  get_filename_component(family ${folder} NAME)
  set(members)
  tally_family(members src/${folder})
  list(APPEND isa_sources ${members} src/${folder}/members.c)
  list(APPEND isa_names tally_${family}_members)
  foreach(member ${members})
    get_filename_component(name ${member} NAME_WE)
    list(APPEND isa_names tally_${family}_${name})
  endforeach()
endforeach()

set(isa_targets)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$" AND CMAKE_SIZEOF_VOID_P EQUAL 8)
  set(avx2 -mavx2 -mpopcnt)
  set(avx512 ${avx2} -mavx512f -mavx512bw -mavx512dq -mavx512vl
    -mprefer-vector-width=512)
  foreach(isa avx2 avx512)
    set(header ${PROJECT_BINARY_DIR}/names_${isa}.h)
    set(lines)
    foreach(name ${isa_names})
      string(APPEND lines "#define ${name} ${name}_${isa}\n")
    endforeach()
    file(CONFIGURE OUTPUT ${header} CONTENT "${lines}")
    add_library(tally_${isa} OBJECT ${isa_sources})
    target_compile_options(tally_${isa} PRIVATE ${${isa}} -include ${header})
    list(APPEND isa_targets tally_${isa})
  endforeach()
endif()
