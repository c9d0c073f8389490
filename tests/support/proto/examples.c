/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples.h"

const struct example examples[] = {
    {.name = "E1",
     .frame = "MSRP q7Lw2Zp9Ka4e SEND\r\n"
              "To-Path: msrp://b.example.net:2855/Yx3mQ8vT1nRkZ6;tcp\r\n"
              "From-Path: msrp://a.example.net:4001/Hc5dW0uJ7sPe2t;tcp\r\n"
              "Message-ID: 7Kp2mWq1\r\n"
              "Byte-Range: 1-11/11\r\n"
              "Content-Type: text/plain\r\n"
              "\r\n"
              "lunch at 1?\r\n"
              "-------q7Lw2Zp9Ka4e$\r\n",
     .octets = 242,
     .has_body = true,
     .body = 11,
     .sha256 = "0892ac1400f80e8c"},
    {.name = "E2",
     .frame = "MSRP T5nd83KcVw0y SEND\r\n"
              "To-Path: msrp://b.example.net:2855/Yx3mQ8vT1nRkZ6;tcp\r\n"
              "From-Path: msrp://a.example.net:4001/Hc5dW0uJ7sPe2t;tcp\r\n"
              "Message-ID: 0pQz81Xs\r\n"
              "Byte-Range: 1-0/0\r\n"
              "-------T5nd83KcVw0y$\r\n",
     .octets = 199,
     .has_body = false,
     .body = 0,
     .sha256 = "136d8ceefd836c68"},
    {.name = "E3",
     .frame = "MSRP W2hk9Rt6Pz1x SEND\r\n"
              "To-Path: msrp://b.example.net:2855/Yx3mQ8vT1nRkZ6;tcp\r\n"
              "From-Path: msrp://a.example.net:4001/Hc5dW0uJ7sPe2t;tcp\r\n"
              "Message-ID: Lm30xVb7\r\n"
              "Byte-Range: 1-*/26\r\n"
              "Content-Type: text/plain\r\n"
              "\r\n"
              "abcdefghijkl\r\n"
              "-------W2hk9Rt6Pz1x+\r\n",
     .octets = 242,
     .has_body = true,
     .body = 12,
     .sha256 = "9d28e28bfbe829f0"},
    {.name = "E3b",
     .frame = "MSRP c8JfQ4mD0u7G SEND\r\n"
              "To-Path: msrp://b.example.net:2855/Yx3mQ8vT1nRkZ6;tcp\r\n"
              "From-Path: msrp://a.example.net:4001/Hc5dW0uJ7sPe2t;tcp\r\n"
              "Message-ID: Lm30xVb7\r\n"
              "Byte-Range: 13-26/26\r\n"
              "Content-Type: text/plain\r\n"
              "\r\n"
              "mnopqrstuvwxyz\r\n"
              "-------c8JfQ4mD0u7G$\r\n",
     .octets = 246,
     .has_body = true,
     .body = 14,
     .sha256 = "f37c38e7f23319c9"},
    {.name = "E4",
     .frame = "MSRP x3Bv7Yk2Ns8L SEND\r\n"
              "To-Path: msrp://b.example.net:2855/Yx3mQ8vT1nRkZ6;tcp\r\n"
              "From-Path: msrp://a.example.net:4001/Hc5dW0uJ7sPe2t;tcp\r\n"
              "Message-ID: Zt61hQd9\r\n"
              "Byte-Range: 1-*/9000\r\n"
              "Content-Type: application/octet-stream\r\n"
              "\r\n"
              "first\r\n"
              "-------x3Bv7Yk2Ns8L#\r\n",
     .octets = 251,
     .has_body = true,
     .body = 5,
     .sha256 = "69f9c1fd88665843"},
    {.name = "E5",
     .frame = "MSRP Ge6sM1wX9d3r REPORT\r\n"
              "To-Path: msrps://relay.example.org:2855/fP0aLk93Vw7Bsd;tcp "
              "msrps://a.example.net:4001/Hc5dW0uJ7sPe2t;tcp\r\n"
              "From-Path: msrps://b.example.net:2855/Yx3mQ8vT1nRkZ6;tcp\r\n"
              "Message-ID: 7Kp2mWq1\r\n"
              "Byte-Range: 1-11/11\r\n"
              "Status: 000 200 OK\r\n"
              "-------Ge6sM1wX9d3r$\r\n",
     .octets = 275,
     .has_body = false,
     .body = 0,
     .sha256 = "a767aa20173c5bb8"},
    {.name = "E6",
     .frame = "MSRP h9Ud5Fz0Kq2b REPORT\r\n"
              "To-Path: msrps://a.example.net:4001/Hc5dW0uJ7sPe2t;tcp\r\n"
              "From-Path: msrps://relay.example.org:2855/fP0aLk93Vw7Bsd;tcp\r\n"
              "Message-ID: Pw84cNy2\r\n"
              "Byte-Range: 1-3000/9000\r\n"
              "Status: 000 408 next hop timed out\r\n"
              "-------h9Ud5Fz0Kq2b$\r\n",
     .octets = 249,
     .has_body = false,
     .body = 0,
     .sha256 = "e3e48009558ec9b3"},
    {.name = "E7",
     .frame = "MSRP q7Lw2Zp9Ka4e 200\r\n"
              "To-Path: msrp://a.example.net:4001/Hc5dW0uJ7sPe2t;tcp\r\n"
              "From-Path: msrp://b.example.net:2855/Yx3mQ8vT1nRkZ6;tcp\r\n"
              "-------q7Lw2Zp9Ka4e$\r\n",
     .octets = 157,
     .has_body = false,
     .body = 0,
     .sha256 = "25d63db776c92159"},
    {.name = "E8",
     .frame = "MSRP Yk0Lr7vC4t8S 481 no such session\r\n"
              "To-Path: msrps://relay.example.org:2855/fP0aLk93Vw7Bsd;tcp\r\n"
              "From-Path: msrps://b.example.net:2855/Yx3mQ8vT1nRkZ6;tcp\r\n"
              "-------Yk0Lr7vC4t8S$\r\n",
     .octets = 179,
     .has_body = false,
     .body = 0,
     .sha256 = "35272121e06aa4f8"},
    {.name = "E9",
     .frame = "MSRP n4Tz8aP6Rw1E SEND\r\n"
              "To-Path: msrp://b.example.net:2855/Yx3mQ8vT1nRkZ6;tcp\r\n"
              "From-Path: msrp://a.example.net:4001/Hc5dW0uJ7sPe2t;tcp\r\n"
              "Message-ID: Dg27sJk5\r\n"
              "Success-Report: yes\r\n"
              "Failure-Report: partial\r\n"
              "Byte-Range: 4097-*/*\r\n"
              "Content-Type: application/octet-stream\r\n"
              "\r\n"
              "0123456789abcdef\r\n"
              "-------n4Tz8aP6Rw1E+\r\n",
     .octets = 308,
     .has_body = true,
     .body = 16,
     .sha256 = "0060c6eff16d4bd1"},
    {.name = "E10",
     .frame = "MSRP kS3x9Wm0Vb6Q SEND\r\n"
              "To-Path: msrp://b.example.net:2855/Yx3mQ8vT1nRkZ6;tcp\r\n"
              "From-Path: msrp://a.example.net:4001/Hc5dW0uJ7sPe2t;tcp\r\n"
              "Message-ID: Qv95tHc1\r\n"
              "Byte-Range: 1-145/145\r\n"
              "Content-Type: text/plain\r\n"
              "\r\n"
              "start\r\n"
              "-------kS3x9Wm0Vb6Q\r\n"
              "------kS3x9Wm0Vb6Q$\r\n"
              "-------kS3x9Wm0Vb6Q!\r\n"
              "-------ks3x9wm0vb6q$\r\n"
              "-------kS3x9Wm0Vb6Qx$\r\n"
              "-------q7Lw2Zp9Ka4e$\r\n"
              "-------\r\n"
              "-------kS3x9Wm0Vb6Q$\r\n",
     .octets = 378,
     .has_body = true,
     .body = 145,
     .sha256 = "3b52d241c105c1d6"},
    {.name = "E11",
     .frame =
         "MSRP a6Qd2Lw8Zk5T SEND\r\n"
         "To-Path: msrp://b.example.net:2855/Yx3mQ8vT1nRkZ6;tcp\r\n"
         "From-Path: msrp://a.example.net:4001/Hc5dW0uJ7sPe2t;tcp\r\n"
         "Message-ID: Fk10zRm8\r\n"
         "Byte-Range: 1-9/9\r\n"
         "X-Origin: Z\xc3\xbcrich \xe2\x80\x93 \xe6\x9d\xb1\xe4\xba\xac\r\n"
         "Content-Disposition: render\r\n"
         "Content-Type: text/plain;charset=UTF-8\r\n"
         "\r\n"
         "h\xc3\xa9\xc3\xa9 \xe2\x9c\x93\r\n"
         "-------a6Qd2Lw8Zk5T$\r\n",
     .octets = 311,
     .has_body = true,
     .body = 9,
     .sha256 = "c92e819944b9e388"},
    {.name = "E12",
     .frame = "MSRP u1Cy7Gs4Mj9H SEND\r\n"
              "To-Path: msrps://[2001:db8::10]:2855/Nq4Zc8Lx2TfWm1;tcp "
              "msrps://[2001:db8:0:7::b]:9000/j+Kd=0/pE5rUy7;tcp\r\n"
              "From-Path: msrps://a.example.net:4001/Hc5dW0uJ7sPe2t;tcp\r\n"
              "Message-ID: Bn72wXe4\r\n"
              "Byte-Range: 1-2/2\r\n"
              "Content-Type: text/plain\r\n"
              "\r\n"
              "ok\r\n"
              "-------u1Cy7Gs4Mj9H$\r\n",
     .octets = 284,
     .has_body = true,
     .body = 2,
     .sha256 = "8b3599e6369edca3"},
};

const size_t n_examples = sizeof examples / sizeof *examples;
