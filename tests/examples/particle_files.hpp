// SPDX-License-Identifier: MIT
// Metadata of particles as packages write them, for tests and fuzzing of what reads them, which share no code with this.
#pragma once

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace files {

/// A number's bytes.
template <class T>
std::string bytes_of(T value, bool big_endian = false) {
  std::string out(sizeof value, '\0');
  std::memcpy(out.data(), &value, sizeof value);
  if (big_endian) std::reverse(out.begin(), out.end());
  return out;
}

/// A .npy file: `type` is its dtype in Python, `shape` the tuple.
inline std::string npy(const std::string& type, const std::string& shape, const std::string& values, int version = 1,
                       bool fortran = false) {
  std::string head =
      "{'descr': " + type + ", 'fortran_order': " + (fortran ? "True" : "False") + ", 'shape': " + shape + ", }\n";
  const std::string length = version == 1 ? bytes_of(std::uint16_t(head.size())) : bytes_of(std::uint32_t(head.size()));
  return std::string("\x93NUMPY") + char(version) + '\0' + length + head + values;
}

/// A zip file of (name, content).
inline std::string zip(const std::vector<std::pair<std::string, std::string>>& members, bool packed) {
  std::string out, directory;
  for (const auto& [name, content] : members) {
    std::string data = content;
    if (packed) {
      z_stream stream{};
      if (deflateInit2(&stream, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY) != Z_OK) throw std::runtime_error("deflateInit2");
      data.resize(deflateBound(&stream, uLong(content.size())));
      std::string from = content;
      stream.next_in = reinterpret_cast<Bytef*>(from.data());
      stream.avail_in = uInt(from.size());
      stream.next_out = reinterpret_cast<Bytef*>(data.data());
      stream.avail_out = uInt(data.size());
      if (deflate(&stream, Z_FINISH) != Z_STREAM_END) throw std::runtime_error("deflate");
      data.resize(stream.total_out);
      deflateEnd(&stream);
    }
    const auto crc = std::uint32_t(crc32(0, reinterpret_cast<const Bytef*>(content.data()), uInt(content.size())));
    const std::string common = bytes_of(std::uint16_t(20)) + bytes_of(std::uint16_t(0)) +
                               bytes_of(std::uint16_t(packed ? 8 : 0)) + bytes_of(std::uint32_t(0)) + bytes_of(crc) +
                               bytes_of(std::uint32_t(data.size())) + bytes_of(std::uint32_t(content.size())) +
                               bytes_of(std::uint16_t(name.size()));
    directory +=
        "PK\1\2" + bytes_of(std::uint16_t(20)) + common + std::string(12, '\0') + bytes_of(std::uint32_t(out.size())) + name;
    // NumPy puts zip64 extra fields into local headers.
    const std::string extra = bytes_of(std::uint16_t(1)) + bytes_of(std::uint16_t(16)) + std::string(16, '\0');
    out += "PK\3\4" + common + bytes_of(std::uint16_t(extra.size())) + name + extra + data;
  }
  const auto count = bytes_of(std::uint16_t(members.size()));
  const std::uint32_t begin = std::uint32_t(out.size());
  return out + directory + "PK\5\6" + std::string(4, '\0') + count + count + bytes_of(std::uint32_t(directory.size())) +
         bytes_of(begin) + std::string(2, '\0');
}

inline const std::string relion_31 = R"(
# version 30001

data_optics

loop_
_rlnOpticsGroup #1
_rlnOpticsGroupName #2
_rlnAmplitudeContrast #3
_rlnSphericalAberration #4
_rlnVoltage #5
_rlnImagePixelSize #6
_rlnImageSize #7
_rlnImageDimensionality #8
 7 first  0.100000 2.700000 300.000000 1.250000 64 2
 3 second 0.070000 1.400000 200.000000 2.500000 32 2


# version 30001

data_particles

loop_
_rlnImageName #1
_rlnAngleRot #2
_rlnAngleTilt #3
_rlnAnglePsi #4
_rlnOriginXAngst #5
_rlnOriginYAngst #6
_rlnDefocusU #7
_rlnDefocusV #8
_rlnDefocusAngle #9
_rlnOpticsGroup #10
_rlnRandomSubset #11
_rlnMicrographName #12
_rlnCoordinateX #13
_rlnCoordinateY #14
000001@stacks/a.mrcs   10.000000  20.000000   30.000000     1.250000    -2.500000 12000.000000 11000.000000   45.500000 7 1 m1.mrc 100 200
000012@stacks/a.mrcs  -10.500000  90.000000  179.000000     0.000000     5.000000 12000.500000 11000.000000   45.500000 3 2 m1.mrc 101 201
000003@stacks/b.mrcs  -10.500000  90.000000  179.000000     0.000000     5.000000 12000.500000 11000.000000   45.500000 3 2 m2.mrc 102 202

)";

inline const std::string relion_30 = R"(
data_

loop_
_rlnMagnification #1
_rlnDetectorPixelSize #2
_rlnVoltage #3
_rlnSphericalAberration #4
_rlnAmplitudeContrast #5
_rlnImageName #6
_rlnAngleRot #7
_rlnAngleTilt #8
_rlnAnglePsi #9
_rlnOriginX #10
_rlnOriginY #11
40000.000000 5.000000 300.000000 2.700000 0.100000 000001@a.mrcs 1.0 2.0 3.0  2.000000 -4.000000
40000.000000 5.000000 300.000000 2.700000 0.100000 000002@a.mrcs 4.0 5.0 6.0  0.000000  1.000000
20000.000000 5.000000 200.000000 2.700000 0.100000 000001@b.mrcs 7.0 8.0 9.0 -1.000000  0.000000
)";

/// As cisTEM's WriteTocisTEMStarFile prints.
inline const std::string cistem = R"(# Written by cisTEM Version 2.0.0 on 2021-01-01 00:00:00
 
data_
 
loop_
_cisTEMPositionInStack #1
_cisTEMAnglePsi #2
_cisTEMAngleTheta #3
_cisTEMAnglePhi #4
_cisTEMXShift #5
_cisTEMYShift #6
_cisTEMDefocus1 #7
_cisTEMDefocus2 #8
_cisTEMDefocusAngle #9
_cisTEMPhaseShift #10
_cisTEMImageActivity #11
_cisTEMOccupancy #12
_cisTEMLogP #13
_cisTEMSigma #14
_cisTEMScore #15
_cisTEMPixelSize #16
_cisTEMMicroscopeVoltagekV #17
_cisTEMMicroscopeCsMM #18
_cisTEMAmplitudeContrast #19
_cisTEMBeamTiltX #20
_cisTEMBeamTiltY #21
_cisTEMStackFilename #22
_cisTEMOriginalImageFilename #23
_cisTEMAssignedSubset #24
#    POS     PSI   THETA     PHI       SHX       SHY      DF1      DF2  ANGAST  PSHIFT  STAT     OCC      LogP      SIGMA   SCORE    PSIZE    VOLT      Cs    AmpC  BTILTX  BTILTY
       1   30.00   20.00   10.00      1.25     -2.50  12000.0  11000.0   45.50    0.00     1  100.00     -1000     1.0000   20.00  1.25000  300.00    2.70  0.0700   0.100  -0.200                                    'stack_1.mrc'       'image 1.mrc'        1
       2   60.00   40.00  -10.00      0.00      0.00  12000.0  11000.0   45.50    0.00    -1  100.00     -1000     1.0000   20.00  1.25000  300.00    2.70  0.0700   0.100  -0.200                                    'stack_1.mrc'       'image 1.mrc'        2
       3   60.00   40.00  -10.00      3.00      4.00  12000.0  11000.0   45.50    0.00     1  100.00     -1000     1.0000   20.00  1.25000  300.00    2.70  0.0700   0.100  -0.200                                    'stack_1.mrc'       'image 2.mrc'        2
)";

/// Columns 1 … 36 of Dynamo's.
inline const std::string dynamo =
    "1 1 1 1.5 -2.0 0.25 -60 20 100 0.5 0 0 1 -60 60 -60 60 0 0 4 0 2 0 100 200 300 0 0 0 0 0 0 0 1 0 2\n"
    "2 1 1 0 0 0 0 0 0 0.5 0 0 1 -60 60 -60 60 0 0 5 0 1 0 101.5 200 300 0 0 0 0 0 0 0 1 0 2\n";

/// Particles of cryoSPARC: poses are half a turn about x, a quarter about z, none.
inline std::string cryosparc(int version = 1, bool big_endian = false) {
  const std::string e = big_endian ? ">" : "<";
  const float half_turn = 3.14159274f, quarter = 1.57079637f;
  const float poses[3][3] = {{half_turn, 0, 0}, {0, 0, quarter}, {0, 0, 0}}, shifts[3][2] = {{1, -2}, {0.5f, 0}, {0, 0}};
  std::string rows;
  for (int i = 0; i < 3; ++i) {
    const auto b = [&](auto value) { return bytes_of(value, big_endian); };
    std::string path = i == 2 ? ">J1/b.mrc" : "J1/a.mrc";
    path.resize(12);
    rows += b(std::uint64_t(100 + i)) + path + b(std::uint32_t(i % 2)) + b(std::uint32_t(64)) + b(std::uint32_t(64)) +
            b(2.0f) + b(i == 2 ? -1.0f : 1.0f) + b(300.0f) + b(2.7f) + b(0.1f) + b(12000.0f) + b(11000.0f) + b(quarter) +
            b(0.0f) + b(std::uint32_t(i == 0 ? 1 : 0));
    for (int d = 0; d < 2; ++d) rows += b(shifts[i][d]);
    for (int d = 0; d < 3; ++d) rows += b(poses[i][d]);
    rows += b(2.5f);
  }
  const auto f4 = [&](const char* name, const char* shape = "") {
    return std::string(", ('") + name + "', '" + e + "f4'" + shape + ")";
  };
  const auto u4 = [&](const char* name, const char* shape = "") {
    return std::string(", ('") + name + "', '" + e + "u4'" + shape + ")";
  };
  return npy("[('uid', '" + e + "u8'), ('blob/path', '|S12')" + u4("blob/idx") + u4("blob/shape", ", (2,)") +
                 f4("blob/psize_A") + f4("blob/sign") + f4("ctf/accel_kv") + f4("ctf/cs_mm") + f4("ctf/amp_contrast") +
                 f4("ctf/df1_A") + f4("ctf/df2_A") + f4("ctf/df_angle_rad") + f4("ctf/phase_shift_rad") +
                 u4("alignments3D/split") + f4("alignments3D/shift", ", (2,)") + f4("alignments3D/pose", ", (3,)") +
                 f4("alignments3D/psize_A") + "]",
             "(3,)", rows, version);
}

/// A passthrough file of those, in another order and with a row more.
inline std::string passthrough(std::initializer_list<int> uids = {102, 999, 100, 101}) {
  std::string rows;
  for (const int uid : uids) {
    std::string micrograph = std::string("m").append(std::to_string(uid)).append(".mrc");
    micrograph.resize(9);
    rows += bytes_of(std::uint64_t(uid));
    for (const char c : micrograph) rows += bytes_of(std::uint32_t(c));
    rows += bytes_of(float(uid)) + bytes_of(0.5f * float(uid));
  }
  return npy("[('uid', '<u8'), ('location/micrograph_path', '<U9'), ('ctf/bfactor', '<f4'), ('blob/psize_A', '<f4')]",
             "(" + std::to_string(uids.size()) + ",)", rows, 3);
}

}  // namespace files
