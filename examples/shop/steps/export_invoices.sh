#!/bin/sh
# jusante
#   about: The month's figures as the accountant's program reads them.
#   owner: finance@shop.example
#   inputs: {sales: marts.monthly_sales}
#   format: csv
#   outputs: [exports/invoices.csv]

#
# The input's path is in INPUT_SALES. What is written here is moved into the project when this ends well.
set -eu
{
  head -n 1 "$INPUT_SALES"
  tail -n +2 "$INPUT_SALES" | sort
} > exports/invoices.csv
